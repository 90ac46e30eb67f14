/** What decides whether an open page shows a notice, and whether a subscription still holds. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { isQuiet } from "../../static/js/push/alerts.js";
import { octets, same } from "../../static/js/push/browser.js";
import { rings } from "../../static/js/store/muted.js";

const NOW = Date.UTC(2027, 0, 15, 8, 0, 0);
const ALL = {
  gateways: ["web"],
  vapid_key: "",
  subscription: { gateway: "web" },
  previews: false,
  quiet_hours: null,
  muted_until: null,
};
/** @param {string} begin @param {string} end @param {string} [time_zone] */
const quiet = (begin, end, time_zone = "UTC") => ({ ...ALL, quiet_hours: { begin, end, time_zone } });

test("a message rings unless its conversation is muted, and a mention unless nothing is wanted", () => {
  /** @type {["all" | "mentions" | "none", number | null, boolean, boolean][]} */
  const cases = [
    ["all", null, false, true],
    ["all", NOW + 1, false, false],
    ["all", NOW, false, true],
    ["all", NOW + 1, true, true],
    ["mentions", null, false, false],
    ["mentions", null, true, true],
    ["none", null, false, false],
    ["none", null, true, false],
  ];
  for (const [level, muted_until, mentioned, expected] of cases) {
    assert.equal(rings({ level, muted_until }, mentioned, NOW), expected, `${level} ${muted_until} ${mentioned}`);
  }
});

test("quiet hours are those of the wall where somebody is", () => {
  assert.equal(isQuiet(ALL, NOW), false);
  assert.equal(isQuiet({ ...ALL, muted_until: NOW + 1 }, NOW), true);
  assert.equal(isQuiet({ ...ALL, muted_until: NOW }, NOW), false);
  assert.equal(isQuiet(quiet("07:00:00", "09:00:00"), NOW), true);
  assert.equal(isQuiet(quiet("07:00:00", "08:00:00"), NOW), false);
  assert.equal(isQuiet(quiet("08:00:00", "09:00:00"), NOW), true);
  assert.equal(isQuiet(quiet("22:00:00", "09:00:00"), NOW), true);
  assert.equal(isQuiet(quiet("22:00:00", "07:00:00"), NOW), false);
  assert.equal(isQuiet(quiet("15:30:00", "17:00:00", "Asia/Shanghai"), NOW), true);
  assert.equal(isQuiet(quiet("07:00:00", "09:00:00", "Asia/Shanghai"), NOW), false);
});

test("a key is the same octet for octet", () => {
  assert.deepEqual([...octets("-_8A")], [251, 255, 0]);
  assert.equal(same(octets("-_8A").buffer, octets("-_8A")), true);
  assert.equal(same(octets("-_8B").buffer, octets("-_8A")), false);
  assert.equal(same(octets("-_8AAAAA").buffer, octets("-_8A")), false);
  assert.equal(same(null, octets("-_8A")), false);
});
