/** A repeatable source of chance for property tests: mulberry32. @param {number} seed @returns {() => number} In [0, 1). */
export function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @template T @param {() => number} random @param {readonly T[]} things @returns {T} */
export function pick(random, things) {
  return /** @type {T} */ (things[Math.floor(random() * things.length)]);
}
