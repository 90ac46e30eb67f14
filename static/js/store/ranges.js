/**
 * Sets of seqs as sorted, disjoint, non-touching ranges: what of a conversation we hold.
 *
 * @typedef {import("../types.js").Range} Range
 */

/** @param {readonly Range[]} ranges @param {number} first @param {number} last @returns {Range[]} */
export function add(ranges, first, last) {
  if (first > last) return [...ranges];
  /** @type {Range[]} */
  const before = [];
  /** @type {Range[]} */
  const after = [];
  let [low, high] = [first, last];
  for (const range of ranges) {
    if (range[1] < low - 1) before.push(range);
    else if (range[0] > high + 1) after.push(range);
    else [low, high] = [Math.min(low, range[0]), Math.max(high, range[1])];
  }
  return [...before, [low, high], ...after];
}

/** The union of two sets. @param {readonly Range[]} some @param {readonly Range[]} others @returns {Range[]} */
export function union(some, others) {
  return others.reduce((all, [first, last]) => add(all, first, last), [...some]);
}

/** The range a seq lies in. @param {readonly Range[]} ranges @param {number} seq @returns {Range | undefined} */
export function run(ranges, seq) {
  return ranges.find(([first, last]) => first <= seq && seq <= last);
}

/** @param {readonly Range[]} ranges @param {number} seq */
export function covers(ranges, seq) {
  return run(ranges, seq) !== undefined;
}

/** The gaps between two seqs, both included. @param {readonly Range[]} ranges @param {number} first @param {number} last @returns {Range[]} */
export function missing(ranges, first, last) {
  /** @type {Range[]} */
  const gaps = [];
  let next = first;
  for (const [low, high] of ranges) {
    if (high < next) continue;
    if (low > last) break;
    if (low > next) gaps.push([next, low - 1]);
    next = high + 1;
  }
  if (next <= last) gaps.push([next, last]);
  return gaps;
}

/** How many seqs. @param {readonly Range[]} ranges */
export function size(ranges) {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

/** @param {readonly Range[]} ranges */
export function top(ranges) {
  return ranges.at(-1)?.[1] ?? 0;
}
