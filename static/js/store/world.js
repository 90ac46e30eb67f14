/**
 * Everything the screen shows, as signals, and the one place where events change it.
 *
 * @typedef {import("../types.js").Entry} Entry
 * @typedef {import("../types.js").User} User
 * @typedef {import("../types.js").Conversation} Conversation
 * @typedef {import("../types.js").Message} Message
 * @typedef {import("../types.js").Mark} Mark
 * @typedef {import("../types.js").Presence} Presence
 * @typedef {import("../types.js").Pending} Pending
 * @typedef {import("../types.js").Ask} Ask
 * @typedef {import("../types.js").Page} Page
 * @typedef {import("./timeline.js").Timeline} Timeline
 * @typedef {import("./timeline.js").TimelineEvent} TimelineEvent
 * @typedef {{ state: "connecting" | "online" | "waiting" | "stopped", code?: number }} Connection
 */

import { batch, computed, signal } from "../../vendor/signals-core.js";
import { freshEntry, mergeEntries, sorted, withConversation, withHead, withMarks, withMessage } from "./entries.js";
import { apply, EMPTY, shrink } from "./timeline.js";

const TYPING_MS = 6000;
const ROWS_KEPT = 200;

export class World {
  /** @param {User} me */
  constructor(me) {
    this.me = me;
    /** Entries by conversation id. */
    this.entries = signal(/** @type {ReadonlyMap<string, Entry>} */ (new Map()));
    /** Timelines in memory, by conversation id. */
    this.timelines = signal(/** @type {ReadonlyMap<string, Timeline>} */ (new Map()));
    /** Others' and our own marks, by conversation id, then user id. */
    this.marks = signal(/** @type {ReadonlyMap<string, ReadonlyMap<string, Mark>>} */ (new Map()));
    this.presence = signal(/** @type {ReadonlyMap<string, Presence>} */ (new Map()));
    /** Who is typing: by conversation id, user id to the moment it ends. */
    this.typing = signal(/** @type {ReadonlyMap<string, ReadonlyMap<string, number>>} */ (new Map()));
    /** Our messages without a seq, in the order they were written. */
    this.pending = signal(/** @type {readonly Pending[]} */ ([]));
    this.drafts = signal(/** @type {ReadonlyMap<string, string>} */ (new Map()));
    /** What a draft answers, by conversation id. */
    this.replies = signal(/** @type {ReadonlyMap<string, Message>} */ (new Map()));
    this.connection = signal(/** @type {Connection} */ ({ state: "connecting" }));
    /** False until the list came from somewhere: the cache or the server. */
    this.listed = signal(false);
    this.list = computed(() => sorted(this.entries.value.values()));
    this.unread = computed(() => this.list.value.reduce((sum, entry) => sum + entry.unread, 0));
  }

  /** @param {string} id */
  entry(id) {
    return this.entries.peek().get(id);
  }

  /** @param {string} id @returns {Timeline} */
  timeline(id) {
    return this.timelines.peek().get(id) ?? EMPTY;
  }

  /** @param {readonly Entry[]} fresh */
  addEntries(fresh) {
    const entries = new Map(this.entries.peek());
    for (const one of fresh) {
      const { id } = one.conversation;
      entries.set(id, mergeEntries(entries.get(id) ?? one, one, this.me.id));
    }
    this.entries.value = entries;
  }

  /** @param {string} id */
  removeEntry(id) {
    this.entries.value = without(this.entries.peek(), id);
    this.timelines.value = without(this.timelines.peek(), id);
  }

  /** @param {Conversation} conversation */
  addConversation(conversation) {
    const old = this.entry(conversation.id);
    this.#setEntry(old ? withConversation(old, conversation, this.me.id) : freshEntry(conversation, this.me.id));
  }

  /** A message with a seq. It takes the place of the pending one it was. @param {string} id @param {Message} message @param {number} head */
  addMessage(id, message, head) {
    batch(() => {
      const entry = this.entry(id);
      if (entry) this.#setEntry(withMessage(entry, message, head, this.me.id));
      this.#markSenders(id, [message]);
      if (this.timelines.peek().has(id)) this.change(id, { type: "message", message, head });
      if (message.sender === this.me.id) this.removePending(message.client_id);
      this.#stopTyping(id, message.sender);
    });
  }

  /** A page of a history, for the list as for the timeline if that is in memory. @param {string} id @param {Ask} ask @param {Page} page */
  addPage(id, ask, page) {
    batch(() => {
      const entry = this.entry(id);
      const newest = page.messages.at(-1);
      if (entry && newest) this.#setEntry(withMessage(entry, newest, page.head, this.me.id));
      if (this.timelines.peek().has(id)) this.change(id, { type: "page", ask, page });
      this.#markSenders(id, page.messages);
      for (const { sender, client_id } of page.messages) if (sender === this.me.id) this.removePending(client_id);
    });
  }

  /** A change of a timeline; it is taken into memory if it was not. @param {string} id @param {TimelineEvent} event */
  change(id, event) {
    const next = apply(this.timeline(id), event);
    this.timelines.value = new Map(this.timelines.peek()).set(id, next);
  }

  /** Keeps only the newest rows of a timeline nobody looks at. @param {string} id */
  shrinkTimeline(id) {
    if (this.timelines.peek().has(id)) {
      this.timelines.value = new Map(this.timelines.peek()).set(id, shrink(this.timeline(id), ROWS_KEPT));
    }
  }

  /** @param {string} id @param {number} head @param {number} read */
  addHead(id, head, read) {
    const entry = this.entry(id);
    if (entry) this.#setEntry(withHead(entry, head, read, this.me.id));
    if (this.timelines.peek().has(id)) this.change(id, { type: "head", head });
  }

  /** Marks only ever rise. @param {string} id @param {readonly Mark[]} marks */
  addMarks(id, marks) {
    batch(() => {
      const entry = this.entry(id);
      if (entry) this.#setEntry(withMarks(entry, marks, this.me.id));
      const known = new Map(this.marks.peek().get(id) ?? []);
      for (const { user, read, delivered } of marks) {
        const old = known.get(user) ?? { user, read: 0, delivered: 0 };
        known.set(user, { user, read: Math.max(old.read, read), delivered: Math.max(old.delivered, delivered, read) });
      }
      this.marks.value = new Map(this.marks.peek()).set(id, known);
    });
  }

  /** Whoever writes has read everything before. @param {string} id @param {readonly Message[]} messages */
  #markSenders(id, messages) {
    const known = this.marks.peek().get(id);
    const newest = new Map(messages.map(({ sender, seq }) => [sender, seq]));
    const marks = [...newest].map(([user, seq]) => ({ user, read: seq, delivered: seq }));
    const news = marks.filter(({ user, read }) => read > (known?.get(user)?.read ?? 0));
    if (news.length > 0) this.addMarks(id, news);
  }

  /** @param {readonly Presence[]} users */
  addPresence(users) {
    const next = new Map(this.presence.peek());
    for (const one of users) next.set(one.user, one);
    this.presence.value = next;
  }

  /** @param {string} id @param {string} user @param {number} now */
  addTyping(id, user, now) {
    if (user === this.me.id) return;
    const typing = new Map(this.typing.peek().get(id) ?? []).set(user, now + TYPING_MS);
    this.typing.value = new Map(this.typing.peek()).set(id, typing);
  }

  /** Forgets who has stopped typing. @param {number} now */
  sweepTyping(now) {
    for (const [id, users] of this.typing.peek()) {
      for (const [user, until] of users) if (until <= now) this.#stopTyping(id, user);
    }
  }

  /** @param {Pending} pending */
  setPending(pending) {
    const others = this.pending.peek();
    const known = others.some((one) => one.client_id === pending.client_id);
    this.pending.value = known
      ? others.map((one) => (one.client_id === pending.client_id ? pending : one))
      : [...others, pending];
  }

  /** @param {string} clientId */
  removePending(clientId) {
    const left = this.pending.peek().filter((one) => one.client_id !== clientId);
    if (left.length !== this.pending.peek().length) this.pending.value = left;
  }

  /** @param {string} id @param {string} text */
  setDraft(id, text) {
    this.drafts.value = text ? new Map(this.drafts.peek()).set(id, text) : without(this.drafts.peek(), id);
  }

  /** @param {string} id @param {Message | null} message What the draft of a conversation answers. */
  setReply(id, message) {
    this.replies.value = message ? new Map(this.replies.peek()).set(id, message) : without(this.replies.peek(), id);
  }

  /** @param {Entry} entry */
  #setEntry(entry) {
    this.entries.value = new Map(this.entries.peek()).set(entry.conversation.id, entry);
  }

  /** @param {string} id @param {string} user */
  #stopTyping(id, user) {
    const users = this.typing.peek().get(id);
    if (!users?.has(user)) return;
    this.typing.value = new Map(this.typing.peek()).set(id, without(users, user));
  }
}

/** @template V @param {ReadonlyMap<string, V>} map @param {string} key @returns {ReadonlyMap<string, V>} */
function without(map, key) {
  const next = new Map(map);
  next.delete(key);
  return next;
}
