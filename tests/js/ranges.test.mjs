import assert from "node:assert/strict";
import { test } from "node:test";
import { add, covers, missing, run, size, union } from "../../static/js/store/ranges.js";
import { chance } from "./fake/random.mjs";

test("ranges that touch become one", () => {
  assert.deepEqual(
    add(
      [
        [1, 3],
        [7, 9],
      ],
      4,
      6,
    ),
    [[1, 9]],
  );
  assert.deepEqual(add([[1, 3]], 5, 5), [
    [1, 3],
    [5, 5],
  ]);
  assert.deepEqual(
    union(
      [[2, 4]],
      [
        [1, 1],
        [9, 9],
      ],
    ),
    [
      [1, 4],
      [9, 9],
    ],
  );
});

test("an empty range changes nothing", () => {
  assert.deepEqual(add([[1, 3]], 5, 4), [[1, 3]]);
});

test("whatever is added, ranges say what a set of numbers would say", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = chance(seed);
    /** @type {import("../../static/js/types.js").Range[]} */
    let ranges = [];
    const model = new Set();
    for (let step = 0; step < 12; step += 1) {
      const first = 1 + Math.floor(random() * 40);
      const last = first + Math.floor(random() * 6) - 1;
      ranges = add(ranges, first, last);
      for (let seq = first; seq <= last; seq += 1) model.add(seq);
    }
    const gaps = missing(ranges, 1, 45);
    for (let seq = 1; seq <= 45; seq += 1) {
      assert.equal(covers(ranges, seq), model.has(seq), `seed ${seed}, seq ${seq}`);
      assert.equal(covers(gaps, seq), !model.has(seq), `seed ${seed}, gap ${seq}`);
      if (model.has(seq)) assert.ok(run(ranges, seq));
    }
    assert.equal(size(ranges), model.size);
    assert.ok(ranges.every((range, at) => at === 0 || range[0] > /** @type {number} */ (ranges[at - 1]?.[1]) + 1));
  }
});
