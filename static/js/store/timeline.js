/**
 * What we hold of one conversation's messages, as a value: every change makes a new one.
 *
 * @typedef {import("../types.js").Message} Message
 * @typedef {import("../types.js").Range} Range
 * @typedef {import("../types.js").Ask} Ask
 * @typedef {import("../types.js").Page} Page
 *
 * @typedef {{ held: readonly Range[], head: number, rows: readonly Message[] }} Timeline
 *   `held`: the seqs we know all about; `rows`: their messages, ascending; `head`: the newest seq we heard of.
 * @typedef {{ type: "message", message: Message, head: number }
 *   | { type: "page", ask: Ask, page: Page }
 *   | { type: "stored", range: Range, messages: readonly Message[] }
 *   | { type: "head", head: number }
 *   | { type: "forget" }} TimelineEvent
 */

import { add } from "./ranges.js";

/** @type {Timeline} */
export const EMPTY = { held: [], head: 0, rows: [] };

/** @param {Timeline} timeline @param {TimelineEvent} event @returns {Timeline} */
export function apply(timeline, event) {
  switch (event.type) {
    case "message":
      return hold(timeline, [event.message.seq, event.message.seq], [event.message], event.head);
    case "page":
      return hold(timeline, coverage(event.ask, event.page), event.page.messages, event.page.head);
    case "stored":
      return hold(timeline, event.range, event.messages, 0);
    case "head":
      return event.head > timeline.head ? { ...timeline, head: event.head } : timeline;
    case "forget":
      return { ...EMPTY, head: timeline.head };
  }
}

/**
 * The seqs a page speaks for: also those between its messages that we may not see, and everything beyond an end that has no more.
 *
 * @param {Ask} ask @param {Page} page @returns {Range | null}
 */
export function coverage(ask, page) {
  const { messages, head } = page;
  const first = messages[0]?.seq;
  const last = messages.at(-1)?.seq;
  let low = page.more_before ? first : 1;
  let high = page.more_after ? last : Math.max(head, last ?? 0);
  if (ask.after !== undefined) low = ask.after + 1;
  if (ask.before !== undefined) high = ask.before - 1;
  return low === undefined || high === undefined || low > high ? null : [low, high];
}

/**
 * @param {Timeline} timeline @param {Range | null} range @param {readonly Message[]} messages @param {number} head
 * @returns {Timeline}
 */
function hold(timeline, range, messages, head) {
  const held = range ? add(timeline.held, range[0], range[1]) : timeline.held;
  return {
    held,
    head: Math.max(timeline.head, head, messages.at(-1)?.seq ?? 0),
    rows: merge(timeline.rows, messages),
  };
}

/** Two ascending lists in one; of two with the same seq the later told counts. @param {readonly Message[]} rows @param {readonly Message[]} news */
function merge(rows, news) {
  const first = news[0];
  if (!first) return rows;
  const from = place(rows, first.seq);
  if (from === rows.length) return [...rows, ...news];
  /** @type {Message[]} */
  const merged = rows.slice(0, from);
  let at = from;
  for (const message of news) {
    for (let row = rows[at]; row && row.seq < message.seq; row = rows[++at]) merged.push(row);
    if (rows[at]?.seq === message.seq) at += 1;
    merged.push(message);
  }
  return merged.concat(rows.slice(at));
}

/** The index of the first row at or after a seq. @param {readonly Message[]} rows @param {number} seq */
export function place(rows, seq) {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {Message} */ (rows[middle]).seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The same timeline with only its newest rows in memory. @param {Timeline} timeline @param {number} count @returns {Timeline} */
export function shrink(timeline, count) {
  if (timeline.rows.length <= count) return timeline;
  const rows = timeline.rows.slice(-count);
  const low = /** @type {Message} */ (rows[0]).seq;
  /** @type {Range[]} */
  const held = timeline.held.filter(([, last]) => last >= low).map(([first, last]) => [Math.max(first, low), last]);
  return { ...timeline, held, rows };
}
