/**
 * Our own marks: what was read and delivered here, told to the server soon, and repeated until it surely knows.
 *
 * @typedef {import("./world.js").World} World
 * @typedef {import("./cache.js").Cache} Cache
 * @typedef {import("../types.js").Frame} Frame
 */

const SOON_MS = 120;
/** As many reads as a hello may carry. */
const REPEAT_MOST = 1000;

export class Reads {
  /** Read marks the server may not have. @type {Map<string, number>} */
  #unconfirmed = new Map();
  /** Of those, the ones that left before the last heartbeat. @type {Map<string, number>} */
  #settling = new Map();
  /** @type {Map<string, number>} */
  #read = new Map();
  /** @type {Map<string, number>} */
  #delivered = new Map();
  #scheduled = false;

  /** @param {{ world: World, cache: Cache, send: (frame: Frame) => boolean, later?: (work: () => void, ms: number) => unknown }} parts */
  constructor({ world, cache, send, later = (work, ms) => setTimeout(work, ms) }) {
    this.world = world;
    this.cache = cache;
    this.send = send;
    this.later = later;
  }

  /** @param {ReadonlyMap<string, number>} stored */
  restore(stored) {
    this.#unconfirmed = new Map(stored);
    for (const [id, seq] of stored) this.#markOwn(id, seq);
  }

  /** @returns {Record<string, number>} */
  unconfirmed() {
    return Object.fromEntries([...this.#unconfirmed].slice(-REPEAT_MOST));
  }

  /** Somebody looked at everything up to a seq. @param {string} id @param {number} seq */
  read(id, seq) {
    const entry = this.world.entry(id);
    if (!entry || seq <= entry.read) return;
    this.#markOwn(id, seq);
    raise(this.#read, id, seq);
    raise(this.#unconfirmed, id, seq);
    this.cache.putReads(this.#unconfirmed);
    this.#soon();
  }

  /** Everything up to a seq has come to this device. @param {string} id @param {number} seq */
  delivered(id, seq) {
    const mine = this.world.marks.peek().get(id)?.get(this.world.me.id);
    if (seq <= (mine?.delivered ?? 0)) return;
    this.world.addMarks(id, [{ user: this.world.me.id, read: 0, delivered: seq }]);
    raise(this.#delivered, id, seq);
    this.#soon();
  }

  /** A heartbeat was answered: what left before the one before it has arrived, for frames keep their order. */
  settle() {
    let changed = false;
    for (const [id, seq] of this.#settling) {
      if (this.#unconfirmed.get(id) === seq) changed = this.#unconfirmed.delete(id) || changed;
    }
    this.#settling = new Map(this.#unconfirmed);
    if (changed) this.cache.putReads(this.#unconfirmed);
  }

  /** A new connection begins: its hello repeats the reads; what is only delivered goes out again by itself. */
  reconnected() {
    this.#settling.clear();
    this.#read.clear();
    this.#soon();
  }

  /** @param {string} id @param {number} seq */
  #markOwn(id, seq) {
    this.world.addMarks(id, [{ user: this.world.me.id, read: seq, delivered: seq }]);
  }

  #soon() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.later(() => {
      this.#scheduled = false;
      this.#flush();
    }, SOON_MS);
  }

  #flush() {
    for (const [id, seq] of this.#read) {
      if (!this.send({ type: "read", conversation: id, seq })) return;
      this.#read.delete(id);
      if ((this.#delivered.get(id) ?? 0) <= seq) this.#delivered.delete(id);
    }
    for (const [id, seq] of this.#delivered) {
      if (!this.send({ type: "delivered", conversation: id, seq })) return;
      this.#delivered.delete(id);
    }
  }
}

/** @param {Map<string, number>} marks @param {string} id @param {number} seq */
function raise(marks, id, seq) {
  marks.set(id, Math.max(marks.get(id) ?? 0, seq));
}
