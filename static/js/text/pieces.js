/**
 * A message's text in pieces for the screen: plain stretches and links. Only http and https become links; nothing is ever HTML.
 *
 * @typedef {{ kind: "text", text: string } | { kind: "link", text: string, href: string }} Piece
 */

const LINK = /\bhttps?:\/\/[^\s<>"'`\u3000-\u303f\uff00-\uffef\u202a-\u202e\u2066-\u2069]{1,2000}/giu;
const TRAILING = /[.,:;!?…*_~]+$/u;
/** Only the first links of a text are clickable: nobody needs more, and each is a node. */
const MOST_LINKS = 200;

/** @param {string} text @returns {Piece[]} */
export function pieces(text) {
  /** @type {Piece[]} */
  const found = [];
  let from = 0;
  let links = 0;
  for (const match of text.matchAll(LINK)) {
    const link = trimLink(match[0]);
    const href = links < MOST_LINKS ? safeHref(link) : null;
    if (!href) continue;
    links += 1;
    if (match.index > from) found.push({ kind: "text", text: text.slice(from, match.index) });
    found.push({ kind: "link", text: link, href });
    from = match.index + link.length;
  }
  if (from < text.length) found.push({ kind: "text", text: text.slice(from) });
  return found;
}

/** Punctuation after a link is not part of it, nor a bracket it did not open. @param {string} link */
function trimLink(link) {
  let trimmed = link.replace(TRAILING, "");
  while (/[)\]}]$/.test(trimmed) && !balanced(trimmed)) trimmed = trimmed.slice(0, -1).replace(TRAILING, "");
  return trimmed;
}

/** @param {string} link */
function balanced(link) {
  const count = (/** @type {string} */ characters) => [...link].filter((one) => characters.includes(one)).length;
  return count("([{") >= count(")]}");
}

/** @param {string} link @returns {string | null} */
function safeHref(link) {
  const url = URL.parse?.(link) ?? null;
  return url && (url.protocol === "https:" || url.protocol === "http:") && url.hostname ? url.href : null;
}

const EMOJI_ONLY = /^(?:\p{RGI_Emoji}\s*){1,6}$/v;

/** One to six emoji and nothing else: shown large. @param {string} text */
export function onlyEmoji(text) {
  return text.length <= 80 && EMOJI_ONLY.test(text);
}
