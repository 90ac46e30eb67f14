/**
 * Which conversations do not ring, for their marks in the list: read when the line is there, since another device may have changed it.
 *
 * @typedef {import("../types.js").ConversationPush} ConversationPush
 */

import { signal } from "../../vendor/signals-core.js";

export class Muted {
  /** @param {{ api: Pick<import("../net/api.js").Api, "conversationPushes"> }} parts */
  constructor({ api }) {
    this.api = api;
    /** What differs from the rest, by conversation id. */
    this.wishes = signal(/** @type {ReadonlyMap<string, ConversationPush>} */ (new Map()));
  }

  async refresh() {
    const { conversations } = await this.api.conversationPushes();
    this.wishes.value = new Map(conversations.map(({ conversation, ...wish }) => [conversation, wish]));
  }

  /** Our own choice, as the server has taken it. @param {string} id @param {ConversationPush} wish */
  set(id, wish) {
    this.wishes.value = new Map(this.wishes.peek()).set(id, wish);
  }

  /** @param {string} id @param {number} now */
  has(id, now) {
    const wish = this.wishes.value.get(id);
    return wish !== undefined && !rings(wish, false, now);
  }
}

/** The same rules as the server's. @param {ConversationPush} wish @param {boolean} mentioned @param {number} now */
export function rings(wish, mentioned, now) {
  if (wish.level === "none") return false;
  return mentioned || (wish.level === "all" && now >= (wish.muted_until ?? 0));
}
