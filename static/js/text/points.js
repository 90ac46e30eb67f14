/** Counting text as the server does: in Unicode code points, after NFC. */

export const TEXT_MAX = 99_999;
const NEAR = 2_000;

/** @param {string} text */
export function countPoints(text) {
  let surrogates = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit <= 0xdbff) surrogates += 1;
  }
  return text.length - surrogates;
}

/** How many code points are left, or null while the limit is far. @param {string} text @returns {number | null} */
export function pointsLeft(text) {
  if (text.length < TEXT_MAX - NEAR) return null;
  const left = TEXT_MAX - countPoints(text.normalize("NFC"));
  return left <= NEAR ? left : null;
}

/** The first code points of a text. @param {string} text @param {number} count */
export function cut(text, count) {
  let end = 0;
  for (const point of text) {
    if (count-- <= 0) return text.slice(0, end);
    end += point.length;
  }
  return text;
}

/** What is sent of what was typed: no empty lines around it, no NUL, no half characters. @param {string} text */
export function tidy(text) {
  return text
    .replaceAll("\0", "")
    .replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, "\uFFFD")
    .replace(/^(?:[^\S\n]*\n)+|\s+$/g, "")
    .normalize("NFC");
}
