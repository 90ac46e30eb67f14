/**
 * The client without its screen: makes the parts, starts them, and is what the screen talks to.
 *
 * @typedef {import("../types.js").Boot} Boot
 * @typedef {import("../types.js").Message} Message
 * @typedef {import("../types.js").Frame} Frame
 * @typedef {{ id: string, message: Message }} Arrival
 */

import { effect, signal } from "../../vendor/signals-core.js";
import { tag } from "../i18n/words.js";
import { Api } from "../net/api.js";
import { Link } from "../net/socket.js";
import { Cache } from "./cache.js";
import { Contacts } from "./contacts.js";
import { partner, placeOf } from "./entries.js";
import { Muted } from "./muted.js";
import { Outbox } from "./outbox.js";
import { Quotes } from "./quotes.js";
import { Reader } from "./reader.js";
import { Reads } from "./reads.js";
import { Sync } from "./sync.js";
import { World } from "./world.js";

const TYPING_EVERY_MS = 3000;
const WATCH_MS = 300;
const WATCH_MOST = 500;
const FLUSH_EVERY_TICKS = 5;

export class Chat {
  #typedAt = 0;
  #ticks = 0;
  /** Conversations whose drafts are being written. @type {Set<string>} */
  #draftsUnderWay = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #watchTimer;
  #watched = "";

  /** @param {{ boot: Boot, cache: Cache, csrf: () => string, onSignedOut: (how: "expired" | "revoked") => void, isActive?: () => boolean }} options */
  constructor({ boot, cache, csrf, onSignedOut, isActive }) {
    this.boot = boot;
    this.cache = cache;
    const world = new World(boot.user);
    this.world = world;
    /** The newest message that came in from somebody else. */
    this.arrival = signal(/** @type {Arrival | null} */ (null));
    /** Has anything been written since the page was opened? */
    this.spoke = signal(false);
    const api = new Api({ csrf, onSignedOut: () => onSignedOut("expired"), language: tag() });
    this.api = api;
    this.contacts = new Contacts({ api });
    this.muted = new Muted({ api });
    /** @type {Link} */
    const link = new Link({
      connections: () => api.connections(),
      hello: () => this.sync.hello(),
      onFrame: (frame) => this.#take(frame),
      onState: (state) => {
        world.connection.value = state;
      },
      onSignedOut: () => onSignedOut("revoked"),
      isActive,
    });
    this.link = link;
    this.reads = new Reads({ world, cache, send: (frame) => link.send(frame) });
    this.sync = new Sync({
      world,
      cache,
      api,
      line: link,
      reads: this.reads,
      onArrival: (id, message) => {
        this.arrival.value = { id, message };
      },
      onContacts: () => void this.contacts.refresh(),
    });
    this.outbox = new Outbox({
      world,
      cache,
      call: (frame) => link.call(frame),
      acked: (id, message) => this.sync.acked(id, message),
    });
    this.quotes = new Quotes({ world, cache, ask: (id, ask) => this.sync.ask(id, ask) });
    this.reader = new Reader({ world, cache, sync: this.sync, onOpen: (id) => void this.#fetchMarks(id) });
  }

  /** Shows what is kept, then connects. */
  async start() {
    const stored = await this.cache.load();
    this.world.addEntries(stored.entries);
    for (const [id, text] of stored.drafts) this.world.setDraft(id, text);
    this.sync.restore(stored);
    this.reads.restore(stored.reads);
    this.outbox.restore(stored.pending);
    if (stored.cursor !== null) this.world.listed.value = true;
    this.#keepEntries();
    effect(() => this.#watch(this.#people()));
    this.link.start();
  }

  /** Once a second. @param {number} now */
  tick(now) {
    this.link.tick();
    this.world.sweepTyping(now);
    this.#ticks += 1;
    if (this.link.online && this.#ticks % FLUSH_EVERY_TICKS === 0) this.outbox.flush();
  }

  /** @param {string} id @param {string} text */
  send(id, text) {
    this.outbox.add(id, text, this.world.replies.peek().get(id)?.seq);
    this.world.setReply(id, null);
    this.spoke.value = true;
    this.draft(id, "");
    this.#typedAt = 0;
  }

  /** @param {string} id @param {string} text */
  draft(id, text) {
    this.world.setDraft(id, text);
    void this.#keepDraft(id);
  }

  /** Writes a draft at once; what is typed meanwhile, after that. @param {string} id */
  async #keepDraft(id) {
    if (this.#draftsUnderWay.has(id)) return;
    this.#draftsUnderWay.add(id);
    const present = () => this.world.drafts.peek().get(id) ?? "";
    let written;
    do {
      written = present();
      await this.cache.putDraft(id, written);
    } while (written !== present());
    this.#draftsUnderWay.delete(id);
  }

  /** Tells the others that something is being written, now and then. @param {string} id @param {number} now */
  typing(id, now) {
    if (now - this.#typedAt < TYPING_EVERY_MS) return;
    this.#typedAt = now;
    this.link.send({ type: "typing", conversation: id });
  }

  /** Takes what a command answered, if it is a conversation. @param {import("../types.js").Conversation | null} conversation */
  learn(conversation) {
    if (conversation?.id) this.sync.take({ type: "conversation", conversation });
    return conversation;
  }

  /** @param {Frame} frame */
  #take(frame) {
    if (frame.type === "welcome") {
      if (this.contacts.state.peek() !== "ready") void this.contacts.refresh(); // later changes are told
      void this.muted.refresh().catch(() => {}); // the next connection reads them
      this.reads.reconnected();
      this.outbox.flush();
      this.#watched = "";
      this.#watch(this.#people());
      const open = this.reader.open.peek();
      if (open?.failed) void this.reader.refresh(open.id);
    }
    this.sync.take(frame);
  }

  /** Who has read what, if we are in: outside it is not told. @param {string} id */
  async #fetchMarks(id) {
    const entry = this.world.entry(id);
    if (!entry || placeOf(entry.conversation, this.world.me.id)?.state !== "joined") return;
    const { marks } = await this.api.receipts(id).catch(() => ({ marks: [] }));
    this.world.addMarks(id, marks);
  }

  /** Every entry that changed goes to the cache. */
  #keepEntries() {
    let before = this.world.entries.peek();
    effect(() => {
      const entries = this.world.entries.value;
      for (const [id, entry] of entries) if (before.get(id) !== entry) this.cache.putEntry(entry);
      before = entries;
    });
  }

  /** Whose dots are on screen: partners of direct conversations, the people of the open one, contacts. @returns {string[]} */
  #people() {
    const me = this.world.me.id;
    const open = this.reader.open.value;
    const members = (open && this.world.entries.value.get(open.id)?.conversation.members) || [];
    const partners = this.world.list.value.map((entry) => partner(entry.conversation, me)?.id ?? "");
    const inside = members.filter(({ state }) => state === "joined").map(({ user }) => user.id);
    const contacts = this.contacts.mutual.value.map(({ user }) => user.id);
    const all = new Set([...inside, ...partners, ...contacts]);
    all.delete("");
    all.delete(me);
    return [...all].slice(0, WATCH_MOST);
  }

  /** @param {string[]} users */
  #watch(users) {
    const key = [...users].sort().join();
    if (key === this.#watched) return;
    clearTimeout(this.#watchTimer);
    this.#watchTimer = setTimeout(() => {
      if (this.link.send({ type: "presence.watch", users })) this.#watched = key;
    }, WATCH_MS);
  }
}
