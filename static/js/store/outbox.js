/**
 * Our messages on their way: kept until acked, sent in order, one at a time in each conversation, always under the same client id.
 *
 * @typedef {import("../types.js").Pending} Pending
 * @typedef {import("../types.js").Message} Message
 * @typedef {import("../types.js").Frame} Frame
 * @typedef {import("./world.js").World} World
 * @typedef {import("./cache.js").Cache} Cache
 */

import { Problem } from "../net/problem.js";

export class Outbox {
  /** Conversations with a message under way. @type {Set<string>} */
  #busy = new Set();

  /**
   * @param {{ world: World, cache: Cache, call: (frame: Frame) => Promise<Frame>, acked: (conversation: string, message: Message) => void,
   *   newId?: () => string, now?: () => number, sleep?: (ms: number) => Promise<void> }} parts
   */
  constructor({ world, cache, call, acked, newId = uuid, now = Date.now, sleep = wait }) {
    this.world = world;
    this.cache = cache;
    this.call = call;
    this.acked = acked;
    this.newId = newId;
    this.now = now;
    this.sleep = sleep;
  }

  /** @param {readonly Pending[]} stored */
  restore(stored) {
    for (const pending of stored) this.world.setPending(pending);
  }

  /** Takes a message; it shows at once. @param {string} conversation @param {string} text @param {number} [reply_to] the seq it answers */
  add(conversation, text, reply_to) {
    const after = this.world.entry(conversation)?.head ?? 0;
    const created_at = Math.max(this.now(), (this.world.pending.peek().at(-1)?.created_at ?? 0) + 1);
    this.#keep({
      client_id: this.newId(),
      conversation,
      text: text.normalize("NFC"),
      after,
      created_at,
      ...(reply_to ? { reply_to } : {}),
      state: "pending",
    });
    void this.#drain(conversation);
  }

  /** @param {string} clientId */
  retry(clientId) {
    const pending = this.#find(clientId);
    if (pending?.state !== "failed") return;
    // A refused client id stands for another text on the server; only a new one can pass.
    const client_id = pending.reason === "conflict" ? this.newId() : clientId;
    if (client_id !== clientId) this.remove(clientId);
    const { reason: _reason, detail: _detail, ...kept } = pending;
    const { conversation } = pending;
    this.#keep({ ...kept, client_id, state: "pending" });
    void this.#drain(conversation);
  }

  /** @param {string} clientId */
  remove(clientId) {
    this.world.removePending(clientId);
    this.cache.deletePending(clientId);
  }

  /** Sends what waits. */
  flush() {
    const waiting = this.world.pending.peek().filter(({ state }) => state === "pending");
    for (const id of new Set(waiting.map(({ conversation }) => conversation))) void this.#drain(id);
  }

  /** @param {string} conversation */
  async #drain(conversation) {
    if (this.#busy.has(conversation)) return;
    this.#busy.add(conversation);
    try {
      for (let next = this.#first(conversation); next; next = this.#first(conversation)) {
        if (!(await this.#send(next))) return;
      }
    } finally {
      this.#busy.delete(conversation);
    }
  }

  /** @param {Pending} pending @returns {Promise<boolean>} whether the next may go */
  async #send(pending) {
    const { conversation, client_id, text, after, reply_to } = pending;
    const answers = reply_to ? { reply_to } : {};
    try {
      const ack = await this.call({ type: "send", conversation, client_id, text, after, ...answers });
      const { seq, sent_at } = ack;
      this.acked(conversation, { seq, kind: "text", sender: this.world.me.id, client_id, sent_at, text, ...answers });
      this.remove(client_id);
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) return false; // the line is gone: the next connection flushes
      if (error.passing) await this.sleep((error.retryAfter ?? 2) * 1000);
      else if (this.#find(client_id))
        this.#keep({ ...pending, state: "failed", reason: error.code, detail: error.detail });
      return true;
    }
  }

  /** @param {string} conversation */
  #first(conversation) {
    return this.world.pending.peek().find((one) => one.conversation === conversation && one.state === "pending");
  }

  /** @param {string} clientId */
  #find(clientId) {
    return this.world.pending.peek().find((one) => one.client_id === clientId);
  }

  /** @param {Pending} pending */
  #keep(pending) {
    this.world.setPending(pending);
    void this.cache.putPending(pending);
  }
}

/** @param {number} ms @returns {Promise<void>} */
function wait(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** A random UUID; `crypto.randomUUID` is missing where the page came over plain HTTP from another machine. */
function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))].map((byte, at) => {
    if (at === 6) return (byte & 0x0f) | 0x40;
    return at === 8 ? (byte & 0x3f) | 0x80 : byte;
  });
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
