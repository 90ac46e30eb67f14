/**
 * The conversation on screen: opening it, paging towards past and present, and what of it is shown.
 *
 * @typedef {import("./view.js").View} View
 * @typedef {import("./world.js").World} World
 * @typedef {import("./cache.js").Cache} Cache
 * @typedef {import("./sync.js").Sync} Sync
 * @typedef {import("../types.js").Range} Range
 * @typedef {{ range: Range, messages: import("../types.js").Message[] }} Piece
 * @typedef {{ id: string, view: View, unread: import("../types.js").Range | null, loading: boolean, failed: boolean,
 *   target?: { seq: number } }} Open `unread`: the seqs that were so when it was opened; `target`: the line to go to, a new object each time.
 */

import { batch, effect, signal } from "../../vendor/signals-core.js";
import { firstVisible } from "./entries.js";
import { run } from "./ranges.js";
import { place } from "./timeline.js";
import { follow, growDown, growUp, STEP, tailView, viewAround } from "./view.js";

export class Reader {
  #busy = false;
  /** They have chosen the newest themselves: then they are not taken to the first unread. */
  #wentToNewest = false;

  /** @param {{ world: World, cache: Cache, sync: Sync, onOpen?: (id: string) => void }} parts */
  constructor({ world, cache, sync, onOpen = () => {} }) {
    this.world = world;
    this.cache = cache;
    this.sync = sync;
    this.onOpen = onOpen;
    this.open = signal(/** @type {Open | null} */ (null));
    effect(() => {
      const open = this.open.value;
      const timeline = open && world.timelines.value.get(open.id);
      if (!open || !timeline) return;
      const view = follow(timeline, open.view);
      const { low, high, tail } = open.view;
      if (view.low !== low || view.high !== high || view.tail !== tail) this.open.value = { ...open, view };
    });
  }

  /** @param {string} id */
  async show(id) {
    if (this.open.peek()?.id === id) return;
    this.close();
    this.#begin(id);
    await this.#fromCache(id);
    await this.refresh(id, this.#toUnread(id));
  }

  close() {
    const open = this.open.peek();
    if (!open) return;
    this.open.value = null;
    this.world.shrinkTimeline(open.id);
  }

  /** Fetches what the open conversation lacks. @param {string} id @param {boolean} isThere whether its first unread line is shown, or there is none */
  async refresh(id, isThere = true) {
    this.#set(id, { loading: true, failed: false });
    try {
      if (!this.world.entry(id)) await this.sync.fetchEntry(id);
      await this.sync.pull(id);
      if (!isThere) await this.#fetchUnread(id);
      this.#set(id, { loading: false });
    } catch {
      this.#set(id, { loading: false, failed: true });
    }
    this.onOpen(id);
  }

  /** A step towards the past: from memory, else from the cache, else from the server. */
  async older() {
    const open = this.open.peek();
    if (!open || this.#busy) return;
    if (this.#grow(open)) return;
    const { id } = open;
    const low = this.world
      .timeline(id)
      .held.find(([first, last]) => first <= open.view.low && open.view.low <= last)?.[0];
    if (low === undefined || low <= this.#floor(id)) return;
    this.#busy = true;
    try {
      if (!(await this.#cachedBefore(id, low))) await this.sync.page(id, { before: low, limit: STEP });
      const still = this.open.peek();
      if (still?.id === id) this.#grow(still);
    } catch {
      this.#set(id, { failed: true });
    } finally {
      this.#busy = false;
    }
  }

  /** A step towards the present, from the same places. */
  async newer() {
    const open = this.open.peek();
    if (!open || open.view.tail) return;
    const { id } = open;
    const view = growDown(this.world.timeline(id), open.view);
    if (view.high > open.view.high || view.tail) {
      this.open.value = { ...open, view };
      return;
    }
    if (this.#busy) return;
    this.#busy = true;
    try {
      const after = open.view.high;
      if (!(await this.#cached(id, after + 1, [after + 1, after + STEP])))
        await this.sync.page(id, { after, limit: STEP });
      const still = this.open.peek();
      if (still?.id === id) this.open.value = { ...still, view: growDown(this.world.timeline(id), still.view) };
    } catch {
      this.#set(id, { failed: true });
    } finally {
      this.#busy = false;
    }
  }

  /** Goes to a message, wherever it is. @param {number} seq @returns {Promise<boolean>} whether it can be seen */
  async jump(seq) {
    const id = this.open.peek()?.id;
    if (id === undefined) return false;
    await this.#fetchAround(id, seq);
    const open = this.open.peek();
    const timeline = this.world.timeline(id);
    const view = open?.id === id ? viewAround(timeline, seq) : null;
    if (!open || !view || timeline.rows[place(timeline.rows, seq)]?.seq !== seq) return false;
    this.open.value = { ...open, view, target: { seq } };
    return true;
  }

  toNewest() {
    const open = this.open.peek();
    this.#wentToNewest = true;
    if (open) this.open.value = { ...open, view: tailView(this.world.timeline(open.id)) };
  }

  /** Is there more of the open conversation above what is shown? @param {Open} open */
  moreAbove(open) {
    return open.view.high > 0 && open.view.low > this.#floor(open.id);
  }

  /** @param {Open} open */
  #grow(open) {
    const view = growUp(this.world.timeline(open.id), open.view);
    if (view) this.open.value = { ...open, view };
    return view !== null;
  }

  /** @param {string} id */
  #begin(id) {
    const entry = this.world.entry(id);
    /** @type {Open["unread"]} */
    const unread = entry && entry.unread > 0 ? [entry.read + 1, entry.head] : null;
    this.#wentToNewest = false;
    batch(() => {
      this.world.change(id, { type: "head", head: entry?.head ?? 0 });
      const view = tailView(this.world.timeline(id));
      this.open.value = { id, view, unread, loading: true, failed: false };
      this.#toUnread(id);
    });
  }

  /** Shows the first unread line, if it is in memory or there is none. @param {string} id */
  #toUnread(id) {
    const open = this.open.peek();
    const first = open?.id === id ? open.unread?.[0] : undefined;
    if (!open || first === undefined || (open.view.low <= first && first <= open.view.high)) return true;
    const view = viewAround(this.world.timeline(id), first);
    if (view) this.open.value = { ...open, view };
    return view !== null;
  }

  /** @param {string} id */
  async #fetchUnread(id) {
    const first = this.open.peek()?.unread?.[0];
    if (first === undefined || this.#wentToNewest || this.#toUnread(id)) return;
    await this.#fetchAround(id, first);
    if (!this.#wentToNewest) this.#toUnread(id);
  }

  /** @param {string} id @param {number} seq */
  async #fetchAround(id, seq) {
    const isHere = () => run(this.world.timeline(id).held, seq) !== undefined;
    if (!isHere()) await this.#cached(id, seq, [seq - STEP, seq + STEP]);
    if (!isHere()) await this.sync.page(id, { around: seq, limit: STEP });
  }

  /** What is kept of the newest, and of the first unread, in one step: nothing else is on the screen meanwhile. @param {string} id */
  async #fromCache(id) {
    const tail = this.sync.heldOf(id).at(-1);
    if (!tail || this.world.timeline(id).held.length > 0) return;
    const first = this.open.peek()?.unread?.[0];
    const [newest, around] = await Promise.all([
      this.#readBefore(id, tail[1] + 1),
      first === undefined ? null : this.#read(id, first, [first - STEP, first + STEP]),
    ]);
    batch(() => {
      for (const piece of [newest, around]) if (piece) this.world.change(id, { type: "stored", ...piece });
      this.#toUnread(id);
    });
  }

  /** @param {string} id @param {number} before */
  async #cachedBefore(id, before) {
    const piece = await this.#readBefore(id, before);
    if (piece) this.world.change(id, { type: "stored", ...piece });
    return piece !== null;
  }

  /** The step below a seq, if the cache has it. @param {string} id @param {number} before @returns {Promise<Piece | null>} */
  async #readBefore(id, before) {
    const within = this.cache.keeps ? run(this.sync.heldOf(id), before - 1) : undefined;
    if (!within) return null;
    const messages = await this.cache.messagesBefore(id, { before, floor: within[0], limit: STEP });
    const first = messages.length < STEP ? within[0] : /** @type {import("../types.js").Message} */ (messages[0]).seq;
    return { range: [first, before - 1], messages };
  }

  /** @param {string} id @param {number} seq @param {Range} stretch */
  async #cached(id, seq, stretch) {
    const piece = await this.#read(id, seq, stretch);
    if (piece) this.world.change(id, { type: "stored", ...piece });
    return piece !== null;
  }

  /** What the cache holds around a seq, of a stretch; null if it lacks the seq. @param {string} id @param {number} seq @param {Range} stretch @returns {Promise<Piece | null>} */
  async #read(id, seq, [from, to]) {
    const within = this.cache.keeps ? run(this.sync.heldOf(id), seq) : undefined;
    if (!within) return null;
    /** @type {Range} */
    const range = [Math.max(from, within[0]), Math.min(to, within[1])];
    return { range, messages: await this.cache.messages(id, ...range) };
  }

  /** @param {string} id */
  #floor(id) {
    const entry = this.world.entry(id);
    return entry ? firstVisible(entry.conversation, this.world.me.id) : 1;
  }

  /** @param {string} id @param {Partial<Open>} change */
  #set(id, change) {
    const open = this.open.peek();
    if (open?.id === id) this.open.value = { ...open, ...change };
  }
}
