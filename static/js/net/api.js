/**
 * The REST calls of docs/protocol.md that the browser makes.
 *
 * @typedef {import("../types.js").Ask} Ask
 * @typedef {import("../types.js").Contact} Contact
 * @typedef {import("../types.js").Conversation} Conversation
 * @typedef {import("../types.js").ConversationPush} ConversationPush
 * @typedef {import("../types.js").Entry} Entry
 * @typedef {import("../types.js").Mark} Mark
 * @typedef {import("../types.js").Page} Page
 * @typedef {import("../types.js").Push} Push
 * @typedef {import("../types.js").Role} Role
 * @typedef {import("../types.js").User} User
 */

import { Problem, Unreachable } from "./problem.js";

const ROOT = "/api/v1";
const PATIENCE_MS = 20_000;

export class Api {
  /** @param {{ csrf: () => string, onSignedOut: () => void, language?: string, ask?: typeof fetch }} options */
  constructor({ csrf, onSignedOut, language = "en", ask = globalThis.fetch.bind(globalThis) }) {
    this.csrf = csrf;
    this.onSignedOut = onSignedOut;
    this.language = language;
    this.ask = ask;
  }

  /** @returns {Promise<{ nodes: { url: string, ticket: string }[], retry_after?: number }>} */
  connections() {
    return this.#call("POST", "/connections", {});
  }

  /** @param {string | number | null} page @returns {Promise<{ entries: Entry[], next: string | number | null, cursor: string }>} */
  conversations(page) {
    return this.#call("GET", page === null ? "/conversations" : `/conversations?page=${encodeURIComponent(page)}`);
  }

  /** @param {string} id @returns {Promise<Entry>} */
  conversation(id) {
    return this.#call("GET", `/conversations/${id}`);
  }

  /** @param {string} username @returns {Promise<Conversation>} */
  startDirect(username) {
    return this.#call("POST", "/conversations", { kind: "direct", username });
  }

  /** @param {string} title @param {string[]} usernames @returns {Promise<Conversation>} */
  startGroup(title, usernames) {
    return this.#call("POST", "/conversations", { kind: "group", title, usernames });
  }

  /** @param {string} id @param {string} title @returns {Promise<Conversation>} */
  rename(id, title) {
    return this.#call("PATCH", `/conversations/${id}`, { title });
  }

  /** @param {string} id @param {string[]} usernames @returns {Promise<Conversation>} */
  invite(id, usernames) {
    return this.#call("POST", `/conversations/${id}/members`, { usernames });
  }

  /** @param {string} id @param {string} user @param {Role} role @returns {Promise<Conversation | null>} */
  changeRole(id, user, role) {
    return this.#call("PATCH", `/conversations/${id}/members/${user}`, { role });
  }

  /** @param {string} id @param {string} user @returns {Promise<Conversation | null>} */
  removeMember(id, user) {
    return this.#call("DELETE", `/conversations/${id}/members/${user}`);
  }

  /** @param {string} id @param {"join" | "decline" | "leave"} answer @returns {Promise<Conversation | null>} */
  answer(id, answer) {
    return this.#call("POST", `/conversations/${id}/${answer}`, {});
  }

  /** @param {string} id @param {Ask} ask @returns {Promise<Page>} */
  history(id, ask) {
    const query = new URLSearchParams(Object.entries(ask).map(([name, value]) => [name, String(value)]));
    return this.#call("GET", `/conversations/${id}/messages?${query}`);
  }

  /** @param {string} id @returns {Promise<{ marks: Mark[] }>} */
  receipts(id) {
    return this.#call("GET", `/conversations/${id}/receipts`);
  }

  /** @returns {Promise<{ contacts: Contact[], blocked: User[] }>} */
  contacts() {
    return this.#call("GET", "/contacts");
  }

  /** Asks somebody to be a contact. @param {{ username: string } | { invite: string }} whom @returns {Promise<User>} */
  askContact(whom) {
    return this.#call("POST", "/contacts", whom);
  }

  /** @param {string} user @param {"accept" | "decline"} answer @returns {Promise<null>} */
  answerRequest(user, answer) {
    return this.#call("POST", `/contacts/${user}/${answer}`, {});
  }

  /** Ends being contacts, or takes a request back. @param {string} user @returns {Promise<null>} */
  removeContact(user) {
    return this.#call("DELETE", `/contacts/${user}`);
  }

  /** @param {string} user @param {boolean} blocked @returns {Promise<null>} */
  block(user, blocked) {
    return this.#call(blocked ? "PUT" : "DELETE", `/blocks/${user}`);
  }

  /** @returns {Promise<{ code: string | null, url: string | null }>} */
  inviteLink() {
    return this.#call("GET", "/me/invite-link");
  }

  /** Makes a link; the one before is worth nothing from then on. @returns {Promise<{ code: string, url: string }>} */
  renewInviteLink() {
    return this.#call("POST", "/me/invite-link", {});
  }

  /** @returns {Promise<null>} */
  withdrawInviteLink() {
    return this.#call("DELETE", "/me/invite-link");
  }

  /** Whose link it is. @param {string} code @returns {Promise<User>} */
  inviter(code) {
    return this.#call("GET", `/invites/${encodeURIComponent(code)}`);
  }

  /** @returns {Promise<Push>} */
  push() {
    return this.#call("GET", "/push");
  }

  /** Takes pushes in this browser. @param {{ gateway: "web", endpoint: string, keys: { p256dh: string, auth: string }, vapid_key: string }} where */
  subscribe(where) {
    return this.#call("PUT", "/push/subscription", where);
  }

  /** @returns {Promise<null>} */
  unsubscribe() {
    return this.#call("DELETE", "/push/subscription");
  }

  /** @returns {Promise<{ outcome: string, reason: string }>} */
  tryPush() {
    return this.#call("POST", "/push/test", {});
  }

  /** Those that are pushed otherwise than the rest. @returns {Promise<{ conversations: (ConversationPush & { conversation: string })[] }>} */
  conversationPushes() {
    return this.#call("GET", "/push/conversations");
  }

  /** @param {string} id @returns {Promise<ConversationPush>} */
  conversationPush(id) {
    return this.#call("GET", `/conversations/${id}/push`);
  }

  /** @param {string} id @param {ConversationPush} wish @returns {Promise<ConversationPush>} */
  choosePush(id, wish) {
    return this.#call("PUT", `/conversations/${id}/push`, wish);
  }

  /**
   * @param {string} method @param {string} path @param {object} [body] @returns {Promise<any>} The answer, null if it has no body.
   * @throws {Problem} what the server refused @throws {Unreachable} when no answer came
   */
  async #call(method, path, body) {
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json", "Accept-Language": this.language };
    if (body) headers["Content-Type"] = "application/json";
    if (method !== "GET") headers["X-CSRFToken"] = this.csrf();
    const response = await this.ask(ROOT + path, {
      method,
      headers,
      body: body ? JSON.stringify(body) : undefined,
      credentials: "same-origin",
      signal: AbortSignal.timeout(PATIENCE_MS),
    }).catch((error) => {
      throw new Unreachable(String(error));
    });
    return this.#answer(response);
  }

  /** @param {Response} response */
  async #answer(response) {
    if (response.status === 401) this.onSignedOut();
    if (response.status === 204) return null;
    const answer = await response.json().catch((error) => {
      if (response.ok) throw new Unreachable(String(error)); // it broke off half way
    });
    if (response.ok) return answer;
    throw new Problem({ status: response.status, code: fallbackCode(response.status), ...answer });
  }
}

/** A code for an answer that is no problem object: a proxy's, say. @param {number} status */
function fallbackCode(status) {
  return status === 429 ? "rate_limited" : status >= 500 ? "unavailable" : "bad_request";
}
