/**
 * The copy of everything in IndexedDB, one database per user: written behind the screen, in order, read at start and when paging back.
 *
 * @typedef {import("../types.js").Entry} Entry
 * @typedef {import("../types.js").Message} Message
 * @typedef {import("../types.js").Pending} Pending
 * @typedef {import("../types.js").Range} Range
 * @typedef {import("idb").IDBPDatabase<any>} Database
 * @typedef {{ entries: Entry[], held: Map<string, Range[]>, cursor: string | null, reads: Map<string, number>, pending: Pending[],
 *   drafts: Map<string, string> }} Stored
 */

import { deleteDB, openDB } from "../../vendor/idb.js";
import { add } from "./ranges.js";

const VERSION = 1;
const PREFIX = "chatsite-";
const STORES = /** @type {const} */ (["entry", "held", "message", "outbox", "draft", "meta"]);

/** @param {Database} database */
function upgrade(database) {
  for (const store of STORES) database.createObjectStore(store);
}

export class Cache {
  /** @type {Promise<unknown>} */
  #queue = Promise.resolve();
  #broken = false;

  /** @param {Database | null} database null when the browser gives us no storage: then nothing is kept. */
  constructor(database) {
    this.database = database;
  }

  /** Is what we write kept? */
  get keeps() {
    return this.database !== null && !this.#broken;
  }

  /** Opens a user's cache and drops every other user's. @param {string} userId @returns {Promise<Cache>} */
  static async open(userId) {
    try {
      await dropOthers(PREFIX + userId);
      const database = await openDB(PREFIX + userId, VERSION, {
        upgrade,
        blocking: (_old, _new, event) => close(event),
      });
      return new Cache(database);
    } catch (error) {
      console.warn("No local storage:", error);
      return new Cache(null);
    }
  }

  /** What was kept, but for the messages. @returns {Promise<Stored>} */
  async load() {
    const empty = { entries: [], held: new Map(), cursor: null, reads: new Map(), pending: [], drafts: new Map() };
    if (!this.database) return empty;
    const read = this.database.transaction(["entry", "held", "outbox", "draft", "meta"]);
    const [entries, heldKeys, held, pending, draftKeys, drafts, cursor, reads] = await Promise.all([
      read.objectStore("entry").getAll(),
      read.objectStore("held").getAllKeys(),
      read.objectStore("held").getAll(),
      read.objectStore("outbox").getAll(),
      read.objectStore("draft").getAllKeys(),
      read.objectStore("draft").getAll(),
      read.objectStore("meta").get("cursor"),
      read.objectStore("meta").get("reads"),
    ]);
    return {
      entries,
      held: new Map(heldKeys.map((key, index) => [String(key), held[index]])),
      cursor: cursor ?? null,
      reads: new Map(reads ?? []),
      pending: pending.sort((a, b) => a.created_at - b.created_at),
      drafts: new Map(draftKeys.map((key, index) => [String(key), drafts[index]])),
    };
  }

  /** The messages of a stretch of seqs, ascending. @param {string} conversation @param {number} first @param {number} last @returns {Promise<Message[]>} */
  async messages(conversation, first, last) {
    await this.flushed();
    if (!this.database || this.#broken) return [];
    return this.database.getAll("message", IDBKeyRange.bound([conversation, first], [conversation, last]));
  }

  /** Up to `limit` messages below a seq and not below `floor`, ascending. @param {string} conversation @param {{ before: number, floor: number, limit: number }} stretch @returns {Promise<Message[]>} */
  async messagesBefore(conversation, { before, floor, limit }) {
    await this.flushed();
    if (!this.database || this.#broken || floor >= before) return [];
    // Seqs are dense but for what may not be seen: as a rule this one question has them all, where a cursor asks for each.
    const low = Math.max(floor, before - limit);
    const near = IDBKeyRange.bound([conversation, low], [conversation, before - 1]);
    const nearest = await this.database.getAll("message", near);
    if (nearest.length === limit || low === floor) return nearest;
    const range = IDBKeyRange.bound([conversation, floor], [conversation, before - 1]);
    const messages = [];
    let at = await this.database.transaction("message").store.openCursor(range, "prev");
    while (at && messages.length < limit) {
      messages.push(at.value);
      at = await at.continue();
    }
    return messages.reverse();
  }

  /** @param {Entry} entry */
  putEntry(entry) {
    this.#write((database) => database.put("entry", entry, entry.conversation.id));
  }

  /** Keeps messages and the range they speak for; other tabs' ranges stay. @param {string} conversation @param {readonly Message[]} messages @param {Range | null} range */
  putMessages(conversation, messages, range) {
    this.#write(async (database) => {
      const change = database.transaction(["message", "held"], "readwrite");
      for (const message of messages) change.objectStore("message").put(message, [conversation, message.seq]);
      if (range) {
        const held = change.objectStore("held");
        held.put(add((await held.get(conversation)) ?? [], range[0], range[1]), conversation);
      }
      await change.done;
    });
  }

  /** Drops a conversation's messages, and with `whole` the conversation. @param {string} conversation @param {boolean} [whole] */
  forget(conversation, whole = false) {
    this.#write(async (database) => {
      const change = database.transaction(["message", "held", "entry", "draft"], "readwrite");
      change
        .objectStore("message")
        .delete(IDBKeyRange.bound([conversation, 0], [conversation, Number.MAX_SAFE_INTEGER]));
      change.objectStore("held").delete(conversation);
      if (whole) {
        change.objectStore("entry").delete(conversation);
        change.objectStore("draft").delete(conversation);
      }
      await change.done;
    });
  }

  /** @param {Pending} pending @returns {Promise<void>} Resolves when it is on disk. */
  putPending(pending) {
    return this.#writeAtOnce("outbox", (store) => store.put(pending, pending.client_id));
  }

  /** @param {string} clientId */
  deletePending(clientId) {
    this.#write((database) => database.delete("outbox", clientId));
  }

  /** @param {string} conversation @param {string} text @returns {Promise<void>} Resolves when it is on disk. */
  putDraft(conversation, text) {
    return this.#writeAtOnce("draft", (store) => (text ? store.put(text, conversation) : store.delete(conversation)));
  }

  /** The place in the inbox up to which everything is kept: written after all that came before. @param {string} cursor */
  putCursor(cursor) {
    this.#write((database) => database.put("meta", cursor, "cursor"));
  }

  /** Own read marks that the server may not have. @param {ReadonlyMap<string, number>} reads */
  putReads(reads) {
    this.#write((database) => database.put("meta", [...reads], "reads"));
  }

  async flushed() {
    await this.#queue;
  }

  /** Forgets everything, for good. */
  async wipe() {
    const name = this.database?.name;
    await this.flushed();
    this.database?.close();
    this.database = null;
    if (name) await deleteDB(name);
  }

  /**
   * One writer, in order. After a failed write (a full disk, say) nothing more is kept: a later cursor would claim what is not there.
   *
   * @param {(database: Database) => Promise<unknown>} work @returns {Promise<void>}
   */
  #write(work) {
    const done = this.#queue.then(() => this.#attempt(work));
    this.#queue = done;
    return done;
  }

  /**
   * What somebody has written waits for nothing, and is committed without waiting for us: the page may be gone the next moment.
   *
   * @param {"outbox" | "draft"} name @param {(store: any) => unknown} work @returns {Promise<void>}
   */
  #writeAtOnce(name, work) {
    const done = this.#attempt((database) => {
      const change = database.transaction(name, "readwrite");
      work(change.store);
      change.commit();
      return change.done;
    });
    this.#queue = Promise.all([this.#queue, done]);
    return done;
  }

  /** @param {(database: Database) => Promise<unknown>} work */
  async #attempt(work) {
    if (!this.database || this.#broken) return;
    try {
      await work(this.database);
    } catch (error) {
      this.#broken = true;
      console.warn("The local copy stops here:", error);
    }
  }
}

/** @param {string} mine */
async function dropOthers(mine) {
  const databases = (await indexedDB.databases?.()) ?? [];
  for (const { name } of databases) if (name?.startsWith(PREFIX) && name !== mine) void deleteDB(name);
}

/** Another tab wants the database gone or newer. @param {IDBVersionChangeEvent} event */
function close(event) {
  /** @type {IDBDatabase} */ (event.target).close();
}
