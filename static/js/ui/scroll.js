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

  /** What a change of one line must not move, and how far it is below the box's edge. @type {{ element: Element, top: number } | null} */
  #held = null;

  /** @param {HTMLElement} box Its lines carry data-key. */
  constructor(box) {
    this.box = box;
  }

  /** After the reader scrolled. @param {boolean} atTail whether the last line shown is the newest */
  moved(atTail) {
    const { scrollHeight, scrollTop, clientHeight } = this.box;
    this.following = atTail && scrollHeight - scrollTop - clientHeight < AT_END;
    this.#anchor = this.#firstVisible();
    this.#held = null;
  }

  /** To the end, and along with it. */
  follow() {
    this.following = true;
    this.#held = null;
    this.restore();
  }

  /** To a line, which lights up for a moment. @param {HTMLElement} line @param {boolean} atTail */
  show(line, atTail) {
    this.following = false;
    this.#held = null;
    this.box.scrollTop += this.#top(line) - Math.max(0, (this.box.clientHeight - line.offsetHeight) / 2);
    this.moved(atTail);
    this.following = false;
    line.classList.remove("lit");
    void line.offsetWidth; // so that it lights up anew
    line.classList.add("lit");
    line.addEventListener("animationend", () => line.classList.remove("lit"), { once: true });
  }

  /** Moves the focus to the message above or below; from nowhere to the last one on screen. @param {Element | null} from @param {number} by */
  step(from, by) {
    const lines = this.#lines().filter((one) => one.classList.contains("bubble-line"));
    const edge = this.box.getBoundingClientRect().bottom;
    const at = from
      ? lines.indexOf(/** @type {HTMLElement} */ (from)) + by
      : lines.findLastIndex((one) => one.getBoundingClientRect().top < edge);
    lines[Math.min(Math.max(at, 0), lines.length - 1)]?.focus();
  }

  /** Before something grows or shrinks under the reader's eyes: what they look at stays, even at the end. @param {Element} element */
  hold(element) {
    this.following = false;
    this.#held = { element, top: this.#top(element) };
  }

  /** After lines came, went or grew: puts things back. */
  restore() {
    if (this.following) {
      this.box.scrollTop = this.box.scrollHeight;
      return;
    }
    if (this.#held?.element.isConnected) {
      this.#moveBy(this.#top(this.#held.element) - this.#held.top);
      return;
    }
    if (NATIVE && this.box.scrollTop > 0) return;
    const anchor = this.#anchor;
    const line = anchor && this.#lines().find((one) => one.dataset.key === anchor.key);
    if (!anchor || !line) return;
    this.#moveBy(this.#top(line) - anchor.top);
  }

  /** @param {number} pixels */
  #moveBy(pixels) {
    if (Math.abs(pixels) >= 1) this.box.scrollTop += pixels;
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

  /** @param {Element} line */
  #top(line) {
    return line.getBoundingClientRect().top - this.box.getBoundingClientRect().top;
  }

  #lines() {
    return [.../** @type {NodeListOf<HTMLElement>} */ (this.box.querySelectorAll("[data-key]"))];
  }
}
