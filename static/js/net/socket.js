/**
 * The socket and its life: connect, hello, heartbeat, calls with answers, and coming back after every loss.
 *
 * @typedef {import("../types.js").Frame} Frame
 * @typedef {import("../store/world.js").Connection} Connection
 * @typedef {{ nodes: { url: string, ticket: string }[], retry_after?: number }} Nodes
 * @typedef {{ resolve: (frame: Frame) => void, reject: (error: Error) => void, due: number }} Waiting
 */

import { backoff } from "./backoff.js";
import { Problem, Unreachable } from "./problem.js";

const SUBPROTOCOL = "chatsite.v1";
const PATIENCE_MS = 20_000;
const WELCOME_MS = 10_000;
/** Silence after a heartbeat that means the line is dead; shorter when there is reason to doubt it. */
const SILENCE_MS = 12_000;
const DOUBT_MS = 4_000;
const STOP = new Set([1003, 1008, 1009, 4004]);
const SIGNED_OUT = 4002;

export class Link {
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {Map<string, Waiting>} */
  #waiting = new Map();
  #next = 1;
  #failures = 0;
  #running = false;
  #welcomed = false;
  /** Moments, by the clock given: of the next try, the next heartbeat, and when silence ends the connection. */
  #tryAt = Number.POSITIVE_INFINITY;
  #heartbeatAt = Number.POSITIVE_INFINITY;
  #deadAt = Number.POSITIVE_INFINITY;
  #heartbeatMs = 10_000;
  #pause = 0;

  /**
   * @param {{ connections: () => Promise<Nodes>, hello: () => object, onFrame: (frame: Frame) => void, onState: (state: Connection) => void,
   *   onSignedOut: () => void, isActive?: () => boolean, now?: () => number, random?: () => number, Socket?: typeof WebSocket }} options
   */
  constructor({
    connections,
    hello,
    onFrame,
    onState,
    onSignedOut,
    isActive = () => false,
    now = Date.now,
    random,
    Socket = globalThis.WebSocket,
  }) {
    this.connections = connections;
    this.hello = hello;
    this.onFrame = onFrame;
    this.onState = onState;
    this.onSignedOut = onSignedOut;
    this.isActive = isActive;
    this.now = now;
    this.random = random;
    this.Socket = Socket;
  }

  get online() {
    return this.#welcomed;
  }

  start() {
    this.#running = true;
    void this.#connect();
  }

  stop() {
    this.#running = false;
    this.#tryAt = Number.POSITIVE_INFINITY;
    this.#socket?.close(1000);
  }

  /** The network or the person came or went: don't wait, and find out soon whether the line is alive. */
  nudge() {
    if (this.#tryAt < Number.POSITIVE_INFINITY) this.#tryAt = 0;
    else if (this.#welcomed) this.#beat(this.now(), DOUBT_MS);
    this.tick();
  }

  /** Whether somebody looks at this page changed: the server learns of it now. */
  tellUse() {
    if (this.#welcomed) this.#beat(this.now(), SILENCE_MS);
  }

  /** To be called about once a second. */
  tick() {
    const now = this.now();
    if (this.#running && now >= this.#tryAt) void this.#connect();
    if (now >= this.#deadAt) this.#lost(this.#socket, 0);
    if (this.#welcomed && now >= this.#heartbeatAt) this.#beat(now, SILENCE_MS);
    for (const [id, { reject, due }] of this.#waiting) {
      if (now < due) continue;
      this.#waiting.delete(id);
      reject(new Unreachable("no answer"));
    }
  }

  /** Sends a frame that needs no answer. @param {Frame} frame @returns {boolean} whether it left */
  send(frame) {
    if (!this.#welcomed || !this.#socket) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Sends a frame and waits for its answer. @param {Frame} frame @returns {Promise<Frame>} */
  call(frame) {
    const id = String(this.#next++);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, due: this.now() + PATIENCE_MS });
      if (this.send({ ...frame, id })) return;
      this.#waiting.delete(id);
      reject(new Unreachable("not connected"));
    });
  }

  async #connect() {
    this.#tryAt = Number.POSITIVE_INFINITY;
    this.onState({ state: "connecting" });
    try {
      const { nodes } = await this.connections();
      // Another try takes the next node, so that a dead one is passed over: the list may name it for some seconds still.
      const node = nodes[this.#failures % nodes.length];
      if (!this.#running) return;
      if (!node) throw new Unreachable("no node");
      this.#open(node);
    } catch (error) {
      if (error instanceof Problem && error.status === 401) this.#running = false;
      else this.#again(error instanceof Problem ? (error.retryAfter ?? 0) * 1000 : 0);
    }
  }

  /** @param {{ url: string, ticket: string }} node */
  #open({ url, ticket }) {
    const socket = new this.Socket(url, [SUBPROTOCOL]);
    this.#socket = socket;
    this.#deadAt = this.now() + WELCOME_MS;
    socket.onopen = () => socket.send(JSON.stringify({ type: "hello", ticket, ...this.hello() }));
    socket.onmessage = ({ data }) => this.#socket === socket && this.#take(JSON.parse(data));
    socket.onclose = ({ code }) => this.#lost(socket, code);
  }

  /** @param {Frame} frame */
  #take(frame) {
    this.#deadAt = Number.POSITIVE_INFINITY;
    if (frame.type === "welcome") {
      this.#welcomed = true;
      this.#failures = 0;
      this.#heartbeatMs = Math.max(1, frame.heartbeat_seconds || 10) * 1000;
      this.#heartbeatAt = this.now() + this.#heartbeatMs;
      this.onState({ state: "online" });
    }
    if (frame.type === "goodbye") this.#pause = (frame.reconnect_after || 0) * 1000;
    const waiting = frame.id === undefined ? undefined : this.#waiting.get(frame.id);
    if (!waiting) return this.onFrame(frame);
    this.#waiting.delete(/** @type {string} */ (frame.id));
    if (frame.type === "error") waiting.reject(new Problem(/** @type {any} */ (frame)));
    else waiting.resolve(frame);
  }

  /** @param {number} now @param {number} patienceMs */
  #beat(now, patienceMs) {
    this.#heartbeatAt = now + this.#heartbeatMs;
    this.#deadAt = Math.min(this.#deadAt, now + patienceMs);
    this.call({ type: "heartbeat", active: this.isActive() }).then(this.onFrame, () => {});
  }

  /** @param {WebSocket | null} socket @param {number} code */
  #lost(socket, code) {
    if (!socket || this.#socket !== socket) return;
    this.#socket = null;
    this.#welcomed = false;
    this.#deadAt = Number.POSITIVE_INFINITY;
    if (socket.readyState < 2) socket.close(1000);
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new Unreachable("connection lost"));
    if (!this.#running) return;
    if (code === SIGNED_OUT) {
      this.stop();
      this.onSignedOut();
    } else if (STOP.has(code)) {
      this.stop();
      this.onState({ state: "stopped", code });
    } else this.#again(this.#pause);
  }

  /** What the server asked for comes before the backoff, not in its place: others were asked for the same. @param {number} pauseMs */
  #again(pauseMs) {
    if (!this.#running) return;
    this.#pause = 0;
    this.#tryAt = this.now() + pauseMs + backoff(this.#failures++, this.random);
    this.onState({ state: "waiting" });
  }
}
