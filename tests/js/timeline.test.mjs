import assert from "node:assert/strict";
import { test } from "node:test";
import { apply, coverage, EMPTY, shrink } from "../../static/js/store/timeline.js";
import { FakeChat } from "./fake/chat.mjs";
import { chance, pick } from "./fake/random.mjs";

/** @param {number} count */
function conversation(count) {
  const chat = new FakeChat();
  const [ana, ben] = [chat.addUser("ana"), chat.addUser("ben")];
  const { id } = chat.open("direct", ana, [ben]);
  for (let at = 1; at <= count; at += 1) chat.append(id, pick(chance(at), [ana, ben]).id, { text: `text ${at}` });
  return { chat, id, ana, ben };
}

test("a page without more before it speaks for everything from 1", () => {
  const page = { messages: [], head: 7, more_before: false, more_after: false };
  assert.deepEqual(coverage({ before: 5 }, page), [1, 4]);
  assert.deepEqual(coverage({}, page), [1, 7]);
  assert.equal(coverage({ before: 1 }, page), null);
});

test("a page of the middle speaks for what lies between its ends and what was asked", () => {
  const { chat, id, ana } = conversation(100);
  assert.deepEqual(coverage({ before: 50, limit: 10 }, chat.history(ana.id, id, { before: 50, limit: 10 })), [40, 49]);
  assert.deepEqual(coverage({ after: 50, limit: 10 }, chat.history(ana.id, id, { after: 50, limit: 10 })), [51, 60]);
  assert.deepEqual(coverage({ limit: 10 }, chat.history(ana.id, id, { limit: 10 })), [91, 100]);
});

test("applying leaves the value before as it was", () => {
  const { chat, id, ana } = conversation(20);
  const before = apply(EMPTY, { type: "page", ask: { limit: 5 }, page: chat.history(ana.id, id, { limit: 5 }) });
  const copy = structuredClone(before);
  apply(before, { type: "page", ask: { before: 16 }, page: chat.history(ana.id, id, { before: 16 }) });
  apply(before, { type: "forget" });
  assert.deepEqual(before, copy);
});

test("any interleaving of pages, live messages and duplicates ends in what the server has", () => {
  for (let seed = 1; seed <= 120; seed += 1) {
    const random = chance(seed);
    const { chat, id, ana, ben } = conversation(30 + Math.floor(random() * 60));
    const all = () => chat.room(id).log;
    let timeline = EMPTY;
    for (let step = 0; step < 40; step += 1) {
      const at = 1 + Math.floor(random() * all().length);
      const kind = pick(random, ["live", "old", "before", "after", "newest", "forget", "head"]);
      const limit = 1 + Math.floor(random() * 20);
      if (kind === "live") {
        const { message } = chat.append(id, ben.id, { text: `live ${step}` });
        if (random() < 0.7) timeline = apply(timeline, { type: "message", message, head: message.seq });
      } else if (kind === "old") {
        timeline = apply(timeline, {
          type: "message",
          message: /** @type {any} */ (all()[at - 1]),
          head: all().length,
        });
      } else if (kind === "forget") timeline = random() < 0.2 ? apply(timeline, { type: "forget" }) : timeline;
      else if (kind === "head") timeline = apply(timeline, { type: "head", head: at });
      else {
        const ask = kind === "newest" ? { limit } : { [kind]: at, limit };
        timeline = apply(timeline, { type: "page", ask, page: chat.history(ana.id, id, ask) });
      }
      const held = all().filter(({ seq }) => timeline.held.some(([first, last]) => first <= seq && seq <= last));
      assert.deepEqual(timeline.rows, held, `seed ${seed}, step ${step}`);
    }
    for (const [first, last] of [[1, all().length]]) {
      const ask = { after: /** @type {number} */ (first) - 1, limit: 1000 };
      timeline = apply(timeline, { type: "page", ask, page: chat.history(ana.id, id, ask) });
      assert.deepEqual(timeline.held, [[first, last]]);
    }
    assert.deepEqual(timeline.rows, all());
  }
});

test("a shrunken timeline claims no more than it has", () => {
  const { chat, id, ana } = conversation(60);
  const ask = { limit: 100 };
  const whole = apply(EMPTY, { type: "page", ask, page: chat.history(ana.id, id, ask) });
  const small = shrink(whole, 10);
  assert.deepEqual(small.held, [[51, 60]]);
  assert.equal(small.rows.length, 10);
  assert.equal(small.head, 60);
});
