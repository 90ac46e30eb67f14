/** How long to wait before the next try: full jitter, up to 0.5 s, 1 s, 2 s … 30 s. */

const FIRST_MS = 500;
const MOST_MS = 30_000;

/** @param {number} failures How many tries failed in a row, from 0. @param {() => number} [random] In [0, 1). @returns {number} Milliseconds. */
export function backoff(failures, random = Math.random) {
  return random() * Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(failures, 10));
}
