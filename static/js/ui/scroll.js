/** Keeping a scrolled box where the reader is: at the end when they follow it, else on the line they look at. */

const AT_END = 48;
/** Screens ahead of the reader that more is fetched. */
const AHEAD = 3;
/** The browser's own anchoring, where it has one, also holds during a smooth scroll; but not at the very start of a box. */
const NATIVE = CSS.supports("overflow-anchor", "auto");

export class Scroller {
  /** Does the reader follow the end? */
  following = true;
  /** The line the reader looks at, and how far it is below the box's edge. @type {{ key: string, top: number } | null} */
  #anchor = null;

  /** @param {HTMLElement} box Its lines carry data-key. */
  constructor(box) {
    this.box = box;
  }

  /** After the reader scrolled. @param {boolean} atTail whether the last line shown is the newest */
  moved(atTail) {
    const { scrollHeight, scrollTop, clientHeight } = this.box;
    this.following = atTail && scrollHeight - scrollTop - clientHeight < AT_END;
    this.#anchor = this.#firstVisible();
  }

  /** After lines came, went or grew: puts things back. */
  restore() {
    if (this.following) {
      this.box.scrollTop = this.box.scrollHeight;
      return;
    }
    if (NATIVE && this.box.scrollTop > 0) return;
    const anchor = this.#anchor;
    const line = anchor && this.#lines().find((one) => one.dataset.key === anchor.key);
    if (!anchor || !line) return;
    const moved = this.#top(line) - anchor.top;
    if (Math.abs(moved) >= 1) this.box.scrollTop += moved;
  }

  /** The newest seq on screen, 0 for none. */
  lastSeen() {
    const edge = this.box.getBoundingClientRect().bottom;
    const line = this.#lines().findLast((one) => one.dataset.seq && one.getBoundingClientRect().top < edge - 8);
    return Number(line?.dataset.seq ?? 0);
  }

  get nearStart() {
    return this.box.scrollTop < AHEAD * this.box.clientHeight;
  }

  get nearEnd() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < AHEAD * this.box.clientHeight;
  }

  #firstVisible() {
    const line = this.#lines().find((one) => this.#top(one) + one.offsetHeight > 0);
    return line ? { key: line.dataset.key ?? "", top: this.#top(line) } : null;
  }

  /** @param {HTMLElement} line */
  #top(line) {
    return line.getBoundingClientRect().top - this.box.getBoundingClientRect().top;
  }

  #lines() {
    return [.../** @type {NodeListOf<HTMLElement>} */ (this.box.querySelectorAll("[data-key]"))];
  }
}
