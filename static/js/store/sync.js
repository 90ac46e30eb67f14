/**
 * Keeping up with the server as docs/protocol.md says: live events make the screen quick, sync makes it right.
 *
 * @typedef {import("../types.js").Ask} Ask
 * @typedef {import("../types.js").Frame} Frame
 * @typedef {import("../types.js").Message} Message
 * @typedef {import("../types.js").Page} Page
 * @typedef {import("../types.js").Range} Range
 * @typedef {import("../types.js").Synced} Synced
 * @typedef {import("./world.js").World} World
 * @typedef {import("./cache.js").Cache} Cache
 * @typedef {import("./reads.js").Reads} Reads
 * @typedef {Pick<import("../net/api.js").Api, "conversations" | "conversation" | "history">} Rest
 * @typedef {Pick<import("../net/socket.js").Link, "call" | "online">} Line
 */

import { batch } from "../../vendor/signals-core.js";
import { Problem, Unreachable } from "../net/problem.js";
import { placeOf, visibleHead } from "./entries.js";
import { add, missing, size, top } from "./ranges.js";
import { coverage } from "./timeline.js";

/** Further behind than this in one conversation, its newest page is all we fetch. */
const MOST_BEHIND = 1000;
const PAGE = 100;
const FIRST_PAGE = 50;
const PULLS_AT_ONCE = 4;

export class Sync {
  /** The inbox position up to which everything is kept. @type {string | null} */
  cursor = null;
  /** What the cache holds of each conversation. @type {Map<string, Range[]>} */
  #held = new Map();
  /** @type {Map<string, Promise<void>>} */
  #pulls = new Map();
  /** @type {Map<string, Promise<void>>} */
  #fetches = new Map();
  /** Catching up happens one step after the other. @type {Promise<void>} */
  #work = Promise.resolve();
  #working = 0;

  /** @param {{ world: World, cache: Cache, api: Rest, line: Line, reads: Reads, onArrival?: (id: string, message: Message) => void, onContacts?: () => void }} parts `onContacts` when they changed */
  constructor({ world, cache, api, line, reads, onArrival = () => {}, onContacts = () => {} }) {
    this.world = world;
    this.cache = cache;
    this.api = api;
    this.line = line;
    this.reads = reads;
    this.onArrival = onArrival;
    this.onContacts = onContacts;
  }

  /** @param {{ cursor: string | null, held: Map<string, Range[]> }} stored */
  restore({ cursor, held }) {
    this.cursor = cursor;
    this.#held = held;
  }

  /** What this device tells in its hello. */
  hello() {
    return { ...(this.cursor === null ? {} : { cursor: this.cursor }), reads: this.reads.unconfirmed() };
  }

  /** The seqs of a conversation that need no network. @param {string} id @returns {readonly Range[]} */
  heldOf(id) {
    return this.cache.keeps ? (this.#held.get(id) ?? []) : this.world.timeline(id).held;
  }

  /** Any frame that is not an answer to a call, and heartbeats' answers; a heartbeat may also come unasked. @param {Frame} frame */
  take(frame) {
    switch (frame.type) {
      case "welcome":
        if (this.cursor === null) this.#then(() => this.#refresh(null));
        break;
      case "message":
        void this.#arrived(frame.conversation, frame.message, frame.head);
        break;
      case "receipt":
        this.world.addMarks(frame.conversation, frame.marks);
        break;
      case "conversation":
        void this.#told(frame.conversation);
        break;
      case "contacts":
        this.onContacts();
        break;
      case "typing":
        this.world.addTyping(frame.conversation, frame.user, Date.now());
        break;
      case "presence":
        this.world.addPresence(frame.users);
        break;
      case "synced":
        this.#then(() => this.#synced(/** @type {any} */ (frame)));
        break;
      case "resync":
        this.#then(() => this.#refresh(frame.cursor));
        break;
      case "heartbeat":
        if (frame.id) this.reads.settle();
        if (frame.cursor !== this.cursor && this.#working === 0) this.catchUp();
    }
  }

  /** Asks for what happened since our cursor. */
  catchUp() {
    this.#then(async () => {
      if (this.cursor === null) return this.#refresh(null);
      const answer = await this.line.call({ type: "sync", cursor: this.cursor });
      await (answer.type === "resync" ? this.#refresh(answer.cursor) : this.#synced(/** @type {any} */ (answer)));
    });
  }

  /** Resolves when all catching up under way is done. */
  async settled() {
    await this.#work;
    await Promise.allSettled([...this.#fetches.values(), ...this.#pulls.values()]);
  }

  /** Our own message got its seq. @param {string} id @param {Message} message */
  acked(id, message) {
    this.#add(id, message, message.seq);
  }

  /** Fetches one page, over the socket if it is there, and keeps it. @param {string} id @param {Ask} ask @returns {Promise<Page>} */
  async page(id, ask) {
    const page = await this.ask(id, ask);
    this.#keep(id, page.messages, coverage(ask, page));
    this.world.addPage(id, ask, page);
    return page;
  }

  /** A page that goes into no timeline. @param {string} id @param {Ask} ask @returns {Promise<Page>} */
  async ask(id, ask) {
    if (!this.line.online) return this.api.history(id, ask);
    return /** @type {Page} */ (
      /** @type {unknown} */ (await this.line.call({ type: "history", conversation: id, ...ask }))
    );
  }

  /** Fetches what we lack of a conversation between what we hold and its head. @param {string} id @returns {Promise<void>} */
  pull(id) {
    const running = this.#pulls.get(id);
    if (running) return running;
    const pull = this.#pull(id).finally(() => this.#pulls.delete(id));
    this.#pulls.set(id, pull);
    return pull;
  }

  /** @param {string} id */
  async #pull(id) {
    const entry = this.world.entry(id);
    if (!entry) return;
    const head = visibleHead(entry.conversation, entry.head, this.world.me.id);
    const held = this.heldOf(id);
    const gaps = held[0] ? missing(held, held[0][0], head) : [];
    if (size(gaps) > MOST_BEHIND) this.forget(id);
    if (head > 0 && this.heldOf(id).length === 0) await this.page(id, { limit: FIRST_PAGE });
    else for (const [first, last] of gaps) await this.#fill(id, first, last);
  }

  /** @param {string} id @param {number} first @param {number} last */
  async #fill(id, first, last) {
    for (let next = first; next <= last; ) {
      const ask = { after: next - 1, limit: PAGE };
      const range = coverage(ask, await this.page(id, ask));
      if (!range || range[1] < next) return;
      next = range[1] + 1;
    }
  }

  /** Drops what we hold of a conversation's messages. @param {string} id */
  forget(id) {
    this.#held.delete(id);
    this.cache.forget(id);
    if (this.world.timelines.peek().has(id)) this.world.change(id, { type: "forget" });
  }

  /** @param {string} id @param {Message} message @param {number} head */
  async #arrived(id, message, head) {
    const news = message.seq > (this.world.entry(id)?.preview?.seq ?? 0); // an entry that is fetched now holds it already
    if (!this.world.entry(id)) await this.fetchEntry(id);
    const entry = this.world.entry(id);
    // The message that brings us in comes before the conversation that says so: until then nothing here is ours to show.
    if (!entry || placeOf(entry.conversation, this.world.me.id)?.state === "invited") return;
    const newest = top(this.heldOf(id));
    this.#add(id, message, head);
    if (message.sender !== this.world.me.id) {
      this.reads.delivered(id, message.seq);
      if (news) this.onArrival(id, message);
    }
    if (newest > 0 && message.seq > newest + 1) await this.#quietly(() => this.pull(id));
  }

  /** One far below all we hold would be an island to fill: it is left for paging back. Who writes has read all before. @param {string} id @param {Message} message @param {number} head */
  #add(id, message, head) {
    const lowest = this.heldOf(id)[0]?.[0] ?? 0;
    if (message.seq < lowest - 1) return this.world.addHead(id, head, 0);
    this.#keep(id, [message], [message.seq, message.seq]);
    this.world.addMessage(id, message, head);
    this.world.addMarks(id, [{ user: message.sender, read: message.seq, delivered: message.seq }]);
  }

  /** @param {string} id @param {readonly Message[]} messages @param {Range | null} range */
  #keep(id, messages, range) {
    if (range) this.#held.set(id, add(this.#held.get(id) ?? [], range[0], range[1]));
    this.cache.putMessages(id, messages, range);
  }

  /** @param {import("../types.js").Conversation} conversation */
  async #told(conversation) {
    const known = this.world.entry(conversation.id) !== undefined;
    this.world.addConversation(conversation);
    if (!known) await this.fetchEntry(conversation.id);
  }

  /** The server's entry of a conversation; one that is not ours is dropped. @param {string} id @returns {Promise<void>} */
  fetchEntry(id) {
    const running = this.#fetches.get(id);
    if (running) return running;
    const fetch = this.#quietly(
      async () => this.world.addEntries([await this.api.conversation(id)]),
      () => this.#drop(id),
    );
    this.#fetches.set(id, fetch);
    void fetch.finally(() => this.#fetches.delete(id));
    return fetch;
  }

  /** @param {string} id */
  #drop(id) {
    this.#held.delete(id);
    this.world.removeEntry(id);
    this.cache.forget(id, true);
  }

  /** @param {Synced} synced */
  async #synced({ cursor, more, conversations, changed, messages, receipts, contacts }) {
    if (contacts) this.onContacts();
    const strange = [...conversations.map((one) => one.conversation), ...changed.map((one) => one.id)];
    await each(
      strange.filter((id) => !this.world.entry(id)),
      (id) => this.fetchEntry(id),
    );
    batch(() => {
      for (const conversation of changed) this.world.addConversation(conversation);
      for (const { conversation, head, read } of conversations) this.world.addHead(conversation, head, read);
      for (const { conversation, message } of messages) this.#add(conversation, message, message.seq);
      for (const { conversation, marks } of receipts) this.world.addMarks(conversation, marks);
    });
    await each(conversations, ({ conversation }) => this.#update(conversation));
    this.#moveCursor(cursor);
    if (more) this.catchUp();
  }

  /** @param {string} id */
  async #update(id) {
    const entry = this.world.entry(id);
    if (!entry) return;
    const head = visibleHead(entry.conversation, entry.head, this.world.me.id);
    // Of a conversation never opened here the newest message is enough, for the list.
    if (this.heldOf(id).length > 0 || (entry.preview?.seq ?? 0) < head) await this.#tolerating(() => this.pull(id));
    if (entry.unread > 0) this.reads.delivered(id, head);
  }

  /** The whole list anew; then what differs is pulled, and only then the cursor moves. @param {string | null} cursor */
  async #refresh(cursor) {
    this.onContacts();
    const unseen = new Set(this.world.entries.peek().keys());
    let start = cursor;
    /** @type {string | number | null} */
    let next = null;
    do {
      const page = await this.api.conversations(next);
      start ??= page.cursor;
      batch(() => {
        this.world.addEntries(page.entries);
        for (const entry of page.entries) {
          unseen.delete(entry.conversation.id);
          if (entry.unread > 0) this.reads.delivered(entry.conversation.id, entry.head);
        }
        this.world.listed.value = true;
      });
      next = page.next;
    } while (next !== null && next !== undefined);
    await each(unseen, (id) => this.fetchEntry(id));
    const known = [...this.world.entries.peek().keys()].filter((id) => this.heldOf(id).length > 0);
    await each(known, (id) => this.#tolerating(() => this.pull(id)));
    this.#moveCursor(start);
  }

  /** @param {string | null} cursor */
  #moveCursor(cursor) {
    this.cursor = cursor;
    if (cursor !== null) this.cache.putCursor(cursor);
  }

  /** Queues a step of catching up. Losing the line ends it: the next hello begins again from the cursor. @param {() => Promise<void>} step */
  #then(step) {
    this.#working += 1;
    this.#work = this.#work
      .then(() => this.#quietly(step))
      .finally(() => {
        this.#working -= 1;
      });
  }

  /** What is no longer ours to read does not hold up the rest. @param {() => Promise<void>} step */
  async #tolerating(step) {
    try {
      await step();
    } catch (error) {
      if (!(error instanceof Problem) || error.passing) throw error;
    }
  }

  /** @param {() => Promise<void>} step @param {() => void} [notFound] @returns {Promise<void>} */
  async #quietly(step, notFound = () => {}) {
    try {
      await step();
    } catch (error) {
      if (error instanceof Problem && error.status === 404) notFound();
      else if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    }
  }
}

/** A few at a time. @template T @param {Iterable<T>} things @param {(thing: T) => Promise<void>} work */
async function each(things, work) {
  const left = [...new Set(things)];
  const lane = async () => {
    for (let thing = left.shift(); thing !== undefined; thing = left.shift()) await work(thing);
  };
  await Promise.all(Array.from({ length: PULLS_AT_ONCE }, lane));
}
