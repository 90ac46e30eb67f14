/**
 * A device for tests: the real stores around a fake line to a FakeChat, with a line that can be cut, slow, lossy or doubling.
 *
 * @typedef {import("./chat.mjs").FakeChat} FakeChat
 * @typedef {import("../../../static/js/types.js").Frame} Frame
 * @typedef {import("../../../static/js/types.js").User} User
 */

import "fake-indexeddb/auto";
import { Problem, Unreachable } from "../../../static/js/net/problem.js";
import { Cache } from "../../../static/js/store/cache.js";
import { Outbox } from "../../../static/js/store/outbox.js";
import { Reader } from "../../../static/js/store/reader.js";
import { Reads } from "../../../static/js/store/reads.js";
import { Sync } from "../../../static/js/store/sync.js";
import { World } from "../../../static/js/store/world.js";
import { answer, rest } from "./commands.mjs";

/** @param {() => Promise<unknown>} action @returns {Promise<any>} */
async function asClient(action) {
  await null;
  try {
    return structuredClone(await action());
  } catch (error) {
    throw /** @type {any} */ (error).status ? new Problem(/** @type {any} */ (error)) : error;
  }
}

export class Device {
  online = false;
  /** @type {import("./chat.mjs").Connection | null} */
  connection = null;
  /** Loses or doubles a live event. @type {(frame: Frame) => number} how many times it arrives */
  live = () => 1;
  /** Whether an answer gets lost with the line. */
  losesAnswer = () => false;

  /** @param {FakeChat} chat @param {User} user @param {Cache} cache */
  constructor(chat, user, cache) {
    this.chat = chat;
    this.user = user;
    this.cache = cache;
    const world = new World(user);
    this.world = world;
    this.reads = new Reads({ world, cache, send: (frame) => this.send(frame), later: (work) => queueMicrotask(work) });
    const get = (/** @type {string} */ path) =>
      asClient(async () => {
        if (!this.online) throw new Unreachable("offline");
        return rest(chat, user.id, "GET", new URL(`/api/v1${path}`, "http://chat"), null);
      });
    const api = {
      conversations: (/** @type {any} */ page) => get(`/conversations${page === null ? "" : `?page=${page}`}`),
      conversation: (/** @type {string} */ id) => get(`/conversations/${id}`),
      history: (/** @type {string} */ id, /** @type {any} */ ask) =>
        get(`/conversations/${id}/messages?${new URLSearchParams(ask)}`),
    };
    this.sync = new Sync({ world, cache, api, line: this, reads: this.reads });
    this.outbox = new Outbox({
      world,
      cache,
      call: (frame) => this.call(frame),
      acked: (id, message) => this.sync.acked(id, message),
      now: () => this.chat.now,
      sleep: async () => {},
    });
    this.reader = new Reader({ world, cache, sync: this.sync });
  }

  /** @param {FakeChat} chat @param {User} user */
  static async start(chat, user) {
    const cache = await Cache.open(user.id);
    const device = new Device(chat, user, cache);
    const stored = await cache.load();
    device.world.addEntries(stored.entries);
    device.sync.restore(stored);
    device.reads.restore(stored.reads);
    device.outbox.restore(stored.pending);
    let before = device.world.entries.peek();
    device.world.entries.subscribe((entries) => {
      for (const [id, entry] of entries) if (before.get(id) !== entry) cache.putEntry(entry);
      before = entries;
    });
    return device;
  }

  connect() {
    if (this.online) return;
    this.online = true;
    const connection = {
      user: this.user.id,
      watching: new Set(),
      push: (/** @type {Frame} */ frame) => {
        for (let times = this.live(frame); times > 0; times -= 1) this.sync.take(frame);
      },
    };
    this.connection = connection;
    const answers = answer(this.chat, connection, { type: "hello", ...this.sync.hello() });
    this.chat.connections.add(connection);
    for (const frame of answers) {
      this.sync.take(frame);
      if (frame.type === "welcome") this.outbox.flush();
    }
  }

  cut() {
    this.online = false;
    if (this.connection) this.chat.connections.delete(this.connection);
    this.connection = null;
  }

  /** The page is closed: another start reads what this one kept. */
  async end() {
    this.cut();
    await this.quiet();
    this.cache.database?.close();
  }

  heartbeat() {
    const { connection } = this;
    if (connection)
      for (const frame of answer(this.chat, connection, { type: "heartbeat", id: "1" })) this.sync.take(frame);
  }

  /** The server says unasked where the inbox ends, as after a gap between its nodes. */
  told() {
    if (this.connection)
      this.sync.take(/** @type {any} */ ({ type: "heartbeat", id: null, cursor: this.chat.cursor(this.user.id) }));
  }

  /** @param {Frame} frame */
  send(frame) {
    if (this.connection) answer(this.chat, this.connection, frame);
    return this.connection !== null;
  }

  /** @param {Frame} frame @returns {Promise<Frame>} */
  async call(frame) {
    await null;
    const { connection } = this;
    if (!connection) throw new Unreachable("offline");
    const [reply] = answer(this.chat, connection, frame);
    if (this.losesAnswer()) {
      this.cut();
      throw new Unreachable("lost");
    }
    if (reply?.type === "error") throw new Problem(/** @type {any} */ (reply));
    return /** @type {Frame} */ (reply);
  }

  /** Nothing under way any more. */
  async quiet() {
    for (let round = 0; round < 12; round += 1) {
      await this.sync.settled();
      await this.cache.flushed();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
