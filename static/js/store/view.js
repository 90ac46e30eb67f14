/**
 * The stretch of a timeline that is on screen: bounded, gap-free, and at the tail following what comes.
 *
 * @typedef {import("../types.js").Message} Message
 * @typedef {import("./timeline.js").Timeline} Timeline
 * @typedef {{ low: number, high: number, tail: boolean }} View Seqs shown, both included; at the tail `high` moves with the newest.
 */

import { run } from "./ranges.js";
import { place } from "./timeline.js";

export const STEP = 50;
export const MOST = 200;

/** The newest stretch. @param {Timeline} timeline @returns {View} */
export function tailView(timeline) {
  return follow(timeline, { low: Number.POSITIVE_INFINITY, high: 0, tail: true });
}

/** The view after the timeline changed. @param {Timeline} timeline @param {View} view @returns {View} */
export function follow(timeline, view) {
  const tail = timeline.held.at(-1);
  if (!tail) return { low: 1, high: 0, tail: true };
  const within = run(timeline.held, view.low);
  if (!view.tail && within) return view;
  const end = place(timeline.rows, tail[1] + 1);
  const start = place(timeline.rows, within === tail ? view.low : tail[0]);
  // At the tail the view may grow to MOST before its upper end is let go, so that reading goes on undisturbed.
  const floor = within === tail ? end - MOST : end - STEP;
  const low = timeline.rows[Math.max(start, floor, 0)]?.seq ?? tail[0];
  return { low: within === tail ? Math.max(view.low, low) : low, high: tail[1], tail: true };
}

/** One step towards the past, as far as the timeline holds it; null when there is nothing more in memory. @param {Timeline} timeline @param {View} view @returns {View | null} */
export function growUp(timeline, view) {
  const within = run(timeline.held, view.low);
  if (!within || within[0] >= view.low) return null;
  const { rows } = timeline;
  const from = Math.max(place(rows, view.low) - STEP, place(rows, within[0]));
  const low = from === place(rows, within[0]) ? within[0] : (rows[from]?.seq ?? within[0]);
  const last = rows[from + MOST - 1];
  if (!last || last.seq >= view.high) return { ...view, low };
  return { low, high: last.seq, tail: false };
}

/** Around a seq that the timeline holds. @param {Timeline} timeline @param {number} seq @returns {View | null} */
export function viewAround(timeline, seq) {
  const within = run(timeline.held, seq);
  if (!within) return null;
  const { rows } = timeline;
  const first = place(rows, within[0]);
  const end = place(rows, within[1] + 1);
  const at = place(rows, seq);
  const from = Math.max(at - STEP, first);
  const to = Math.min(at + STEP, end);
  const high = to < end ? (rows[to - 1]?.seq ?? within[1]) : within[1];
  const low = from === first ? within[0] : (rows[from]?.seq ?? within[0]);
  return { low, high, tail: high === within[1] && within === timeline.held.at(-1) };
}

/** One step towards the present. @param {Timeline} timeline @param {View} view @returns {View} */
export function growDown(timeline, view) {
  const within = run(timeline.held, view.high);
  if (!within || view.tail) return view;
  const { rows } = timeline;
  const end = Math.min(place(rows, view.high + 1) + STEP, place(rows, within[1] + 1));
  const high = rows[end] && end < place(rows, within[1] + 1) ? /** @type {Message} */ (rows[end - 1]).seq : within[1];
  const low = rows[Math.max(end - MOST, 0)]?.seq ?? view.low;
  return { low: Math.max(view.low, low), high, tail: high === within[1] && within === timeline.held.at(-1) };
}

/** @param {Timeline} timeline @param {View} view @returns {readonly Message[]} */
export function shown(timeline, view) {
  return timeline.rows.slice(place(timeline.rows, view.low), place(timeline.rows, view.high + 1));
}

/** Is there anything above the view, in memory or elsewhere? @param {View} view @param {number} firstVisible */
export function moreAbove(view, firstVisible) {
  return view.low > firstVisible;
}
