/**
 * The little formatting a message may carry, as a tree for the screen: never HTML, and what does not close is what was typed.
 *
 * Bold, italic and struck words stand between stars, low lines and tildes (one, or two as in Markdown), code between backticks; lines that begin
 * with > are a quote, and three backticks before and after lines make a block of code.
 * A sign counts only at the edge of a word, so that snake_case and 3*4 stay; scripts that put no spaces between words have edges everywhere.
 *
 * @typedef {import("./pieces.js").Piece | { kind: "code", text: string } | { kind: "strong" | "em" | "del", inside: Inline[] }} Inline
 * @typedef {{ kind: "lines" | "quote", inside: Inline[] } | { kind: "pre", text: string }} Block
 * @typedef {{ mark: string, inside: Inline[] }} Frame A sign that has opened and not closed yet; the outermost has none.
 */

import { pieces } from "./pieces.js";

const FENCE = "```";
const SIGNS = /\*+|_+|~+/g;
const KINDS = /** @type {Record<string, "strong" | "em" | "del">} */ ({
  "*": "strong",
  "**": "strong",
  _: "em",
  "~": "del",
  "~~": "del",
});
const CODE = /(?<!`)(`{1,3})(?!`)([^`\n]+)\1(?!`)/g;
const SPACE = /\s/;
const WORD = /[\p{L}\p{N}]/u;
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
/** Nested deeper, or beyond so many, signs are text: each is a node. */
const DEEPEST = 8;
const MOST = 2000;

/** @param {string} text @returns {Block[]} */
export function blocks(text) {
  /** @type {Block[]} */
  const found = [];
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; ) {
    const line = /** @type {string} */ (lines[at]);
    if (line.startsWith(FENCE)) at = takeFence(lines, at, found);
    else if (line.startsWith(">")) {
      const end = endOf(lines, at, (one) => one.startsWith(">"));
      const said = lines.slice(at, end).map((one) => one.replace(/^> ?/, ""));
      found.push({ kind: "quote", inside: inline(said.join("\n")) });
      at = end;
    } else {
      const end = endOf(lines, at, (one) => !one.startsWith(">") && !one.startsWith(FENCE));
      const said = lines.slice(at, end).join("\n");
      if (said !== "") found.push({ kind: "lines", inside: inline(said) });
      at = end;
    }
  }
  return found;
}

/** The text without its signs, in one line: for previews. @param {string} text */
export function plain(text) {
  const words = blocks(text).map((block) => (block.kind === "pre" ? block.text : flat(block.inside)));
  return words.join(" ").replace(/\s+/g, " ").trim();
}

/** @param {readonly Inline[]} inside @returns {string} */
function flat(inside) {
  return inside.map((one) => ("inside" in one ? flat(one.inside) : one.text)).join("");
}

/** @param {string[]} lines @param {number} at @param {(line: string) => boolean} belongs */
function endOf(lines, at, belongs) {
  let end = at + 1;
  while (end < lines.length && belongs(/** @type {string} */ (lines[end]))) end += 1;
  return end;
}

/** The block that begins at a line; one that is never closed goes on to the end. @param {string[]} lines @param {number} at @param {Block[]} found */
function takeFence(lines, at, found) {
  const head = /** @type {string} */ (lines[at]).slice(FENCE.length);
  const inOne = head.trimEnd();
  if (inOne.length > FENCE.length && inOne.endsWith(FENCE)) {
    found.push({ kind: "pre", text: inOne.slice(0, -FENCE.length) });
    return at + 1;
  }
  const said = /^[\w+#.-]*$/.test(inOne) ? [] : [head]; // else it names the language
  for (let end = at + 1; end < lines.length; end += 1) {
    const line = /** @type {string} */ (lines[end]).trimEnd();
    if (!line.endsWith(FENCE)) {
      said.push(/** @type {string} */ (lines[end]));
      continue;
    }
    if (line !== FENCE) said.push(line.slice(0, -FENCE.length));
    found.push({ kind: "pre", text: said.join("\n") });
    return end + 1;
  }
  found.push({ kind: "pre", text: said.join("\n") });
  return lines.length;
}

/** @param {string} text @returns {Inline[]} */
function inline(text) {
  const outermost = { mark: "", inside: /** @type {Inline[]} */ ([]) };
  const signs = new Signs([outermost]);
  let from = 0;
  for (const match of text.matchAll(CODE)) {
    signs.read(text, from, match.index);
    signs.put({ kind: "code", text: /** @type {string} */ (match[2]) });
    from = match.index + match[0].length;
  }
  signs.read(text, from, text.length);
  signs.end();
  return outermost.inside;
}

/** Reads a text from left to right, and keeps what has opened. */
class Signs {
  #count = 0;

  /** @param {[Frame, ...Frame[]]} frames */
  constructor(frames) {
    this.frames = frames;
  }

  /** A stretch without code in it. @param {string} text @param {number} from @param {number} to */
  read(text, from, to) {
    let at = from;
    for (const piece of pieces(text.slice(from, to))) {
      if (piece.kind === "link") this.put(piece);
      else this.#plain(text, at, at + piece.text.length);
      at += piece.text.length;
    }
  }

  /** @param {Inline} one */
  put(one) {
    const { inside } = this.#top;
    const last = inside.at(-1);
    if (one.kind === "text" && last?.kind === "text") inside[inside.length - 1] = text(last.text + one.text);
    else if (one.kind !== "text" || one.text !== "") inside.push(one);
  }

  /** What has not closed is what was typed. */
  end() {
    while (this.frames.length > 1) this.#dissolve();
  }

  /** @param {string} whole @param {number} from @param {number} to */
  #plain(whole, from, to) {
    let at = from;
    const stretch = whole.slice(from, to);
    for (const match of stretch.matchAll(SIGNS)) {
      const [mark] = match;
      const start = from + match.index;
      this.put(text(whole.slice(at, start)));
      this.#sign(mark, pointBefore(whole, start), pointAt(whole, start + mark.length));
      at = start + mark.length;
    }
    this.put(text(whole.slice(at, to)));
  }

  /** @param {string} mark @param {string} before @param {string} after The characters around it; empty at the ends. */
  #sign(mark, before, after) {
    const kind = KINDS[mark];
    const closes = before !== "" && !SPACE.test(before) && !isWord(after);
    const opens = after !== "" && !SPACE.test(after) && !isWord(before);
    if (kind && closes && this.#top.inside.length > 0 && this.frames.some((frame) => frame.mark === mark)) {
      while (this.#top.mark !== mark) this.#dissolve();
      const { inside } = /** @type {Frame} */ (this.frames.pop());
      this.put({ kind, inside });
    } else if (kind && opens && this.frames.length <= DEEPEST && this.#count < MOST) {
      this.#count += 1;
      this.frames.push({ mark, inside: [] });
    } else this.put(text(mark));
  }

  #dissolve() {
    const { mark, inside } = /** @type {Frame} */ (this.frames.pop());
    this.put(text(mark));
    for (const one of inside) this.put(one);
  }

  get #top() {
    return /** @type {Frame} */ (this.frames.at(-1));
  }
}

/** @param {string} said @returns {Inline} */
function text(said) {
  return { kind: "text", text: said };
}

/** @param {string} point */
function isWord(point) {
  return WORD.test(point) && !UNSPACED.test(point);
}

/** @param {string} whole @param {number} at */
function pointAt(whole, at) {
  const code = whole.codePointAt(at);
  return code === undefined ? "" : String.fromCodePoint(code);
}

/** @param {string} whole @param {number} at */
function pointBefore(whole, at) {
  const isLow = at > 1 && /[\uDC00-\uDFFF]/.test(whole.charAt(at - 1));
  return at === 0 ? "" : whole.slice(isLow ? at - 2 : at - 1, at);
}
