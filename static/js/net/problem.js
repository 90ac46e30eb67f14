/**
 * What the server refused, over REST or the socket, and what could not reach it.
 *
 * @typedef {import("../types.js").ProblemBody} ProblemBody
 */

/** The error object of docs/protocol.md. Decide by `code`. */
export class Problem extends Error {
  /** @param {Partial<ProblemBody>} body */
  constructor(body) {
    super(body.detail || body.title || body.code || "error");
    this.code = body.code ?? "internal";
    this.status = body.status ?? 500;
    this.detail = body.detail ?? "";
    this.field = body.field;
    this.retryAfter = body.retry_after;
  }

  /** Worth another try, as it was? */
  get passing() {
    return this.status >= 500 || ["rate_limited", "busy", "unavailable", "internal"].includes(this.code);
  }
}

/** No answer: the network, or the socket, is away. */
export class Unreachable extends Error {}
