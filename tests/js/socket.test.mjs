import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff } from "../../static/js/net/backoff.js";
import { Problem, Unreachable } from "../../static/js/net/problem.js";
import { Link } from "../../static/js/net/socket.js";

/** A WebSocket whose other end is the test. */
class Line {
  /** @type {Line[]} */
  static opened = [];
  readyState = 0;
  /** @type {any[]} */
  sent = [];
  /** @type {any} */
  onopen;
  /** @type {any} */
  onmessage;
  /** @type {any} */
  onclose;

  /** @param {string} url @param {string[]} protocols */
  constructor(url, protocols) {
    this.url = url;
    this.protocols = protocols;
    Line.opened.push(this);
  }

  /** @param {string} data */
  send(data) {
    this.sent.push(JSON.parse(data));
  }

  close() {
    this.readyState = 3;
  }

  open() {
    this.readyState = 1;
    this.onopen();
  }

  /** @param {object} frame */
  says(frame) {
    this.onmessage({ data: JSON.stringify(frame) });
  }

  /** @param {number} code */
  closes(code) {
    this.readyState = 3;
    this.onclose({ code });
  }
}

function rig() {
  Line.opened = [];
  const seen = { states: /** @type {any[]} */ ([]), frames: /** @type {any[]} */ ([]), signedOut: 0, asked: 0 };
  const clock = { at: 1_000_000 };
  const answer = { next: /** @type {() => any} */ (() => ({ nodes: [{ url: "ws://a", ticket: "t" }] })) };
  const link = new Link({
    connections: async () => {
      seen.asked += 1;
      return answer.next();
    },
    hello: () => ({ cursor: "1.5", reads: {} }),
    onFrame: (frame) => seen.frames.push(frame),
    onState: ({ state }) => seen.states.push(state),
    onSignedOut: () => {
      seen.signedOut += 1;
    },
    now: () => clock.at,
    random: () => 0.5,
    Socket: /** @type {any} */ (Line),
  });
  return { link, seen, clock, answer };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const last = () => /** @type {Line} */ (Line.opened.at(-1));

/** @param {ReturnType<typeof rig>} one */
async function welcomed(one) {
  one.link.start();
  await settle();
  last().open();
  last().says({ type: "welcome", heartbeat_seconds: 10 });
}

test("the first frame is hello with ticket and cursor, and welcome means online", async () => {
  const one = rig();
  await welcomed(one);
  assert.deepEqual(last().protocols, ["chatsite.v1"]);
  assert.deepEqual(last().sent[0], { type: "hello", ticket: "t", cursor: "1.5", reads: {} });
  assert.deepEqual(one.seen.states, ["connecting", "online"]);
  assert.equal(one.link.online, true);
});

test("a call is answered by the frame with its id, or refused by an error frame", async () => {
  const one = rig();
  await welcomed(one);
  const good = one.link.call({ type: "history" });
  const bad = one.link.call({ type: "send" });
  const [, first, second] = last().sent;
  last().says({ type: "error", id: second.id, code: "forbidden", title: "No", detail: "No", status: 403 });
  last().says({ type: "page", id: first.id, messages: [] });
  assert.equal((await good).type, "page");
  await assert.rejects(bad, (error) => error instanceof Problem && error.code === "forbidden" && !error.passing);
});

test("a lost line ends what waits, and is opened again with a new ticket after a pause", async () => {
  const one = rig();
  await welcomed(one);
  const waiting = one.link.call({ type: "history" });
  last().closes(1006);
  await assert.rejects(waiting, Unreachable);
  assert.equal(one.link.send({ type: "typing" }), false);
  one.link.tick();
  await settle();
  assert.equal(one.seen.asked, 1);
  one.clock.at += 251; // half of the first half second
  one.link.tick();
  await settle();
  assert.equal(one.seen.asked, 2);
  assert.equal(Line.opened.length, 2);
});

test("a heartbeat goes out in time, and silence after it ends the connection", async () => {
  const one = rig();
  await welcomed(one);
  one.clock.at += 10_000;
  one.link.tick();
  assert.equal(last().sent.at(-1).type, "heartbeat");
  last().says({ type: "heartbeat", id: last().sent.at(-1).id, cursor: "1.6" });
  await settle();
  assert.equal(one.seen.frames.at(-1).cursor, "1.6");
  one.clock.at += 10_000;
  one.link.tick();
  one.clock.at += 12_000;
  one.link.tick();
  assert.equal(one.seen.states.at(-1), "waiting");
});

test("revoked means signed out, a client's mistake means stop, all else means again", async () => {
  for (const [code, state, signedOut] of [
    [4002, "online", 1],
    [4004, "stopped", 0],
    [1008, "stopped", 0],
    [4000, "waiting", 0],
    [4006, "waiting", 0],
    [1013, "waiting", 0],
  ]) {
    const one = rig();
    await welcomed(one);
    last().closes(/** @type {number} */ (code));
    assert.equal(one.seen.states.at(-1), state, `code ${code}`);
    assert.equal(one.seen.signedOut, signedOut, `code ${code}`);
  }
});

test("goodbye's pause is kept and spread, and the next node is tried", async () => {
  const one = rig();
  one.answer.next = () => ({
    nodes: [
      { url: "ws://a", ticket: "1" },
      { url: "ws://b", ticket: "2" },
    ],
  });
  await welcomed(one);
  assert.equal(last().url, "ws://a");
  last().says({ type: "goodbye", reason: "moving", reconnect_after: 5, nodes: [] });
  last().closes(4006);
  assert.deepEqual(one.seen.states, ["connecting", "online", "waiting"]);
  one.clock.at += 5_200;
  one.link.tick();
  await settle();
  assert.equal(Line.opened.length, 1);
  one.clock.at += 100; // half of the first half second
  one.link.tick();
  await settle();
  assert.equal(last().url, "ws://b");
});

test("one node after the other is tried until one says welcome", async () => {
  const one = rig();
  one.answer.next = () => ({ nodes: ["ws://a", "ws://b", "ws://c"].map((url) => ({ url, ticket: "t" })) });
  one.link.start();
  await settle();
  for (const code of [1006, 1012, 1013]) {
    last().closes(code);
    one.clock.at += 30_000;
    one.link.tick();
    await settle();
  }
  assert.deepEqual(
    Line.opened.map(({ url }) => url),
    ["ws://a", "ws://b", "ws://c", "ws://a"],
  );
  assert.equal(one.seen.asked, 4);
});

test("the server's refusal is waited out, and no login ends the tries", async () => {
  const one = rig();
  one.answer.next = () => {
    throw new Problem({ status: 429, code: "rate_limited", retry_after: 7 });
  };
  one.link.start();
  await settle();
  one.clock.at += 7_200;
  one.link.tick();
  await settle();
  assert.equal(one.seen.asked, 1);
  one.answer.next = () => {
    throw new Problem({ status: 401, code: "unauthenticated" });
  };
  one.clock.at += 200;
  one.link.tick();
  await settle();
  one.clock.at += 60_000;
  one.link.tick();
  await settle();
  assert.equal(one.seen.asked, 2);
});

test("the pause before a try is random, doubles, and ends at 30 seconds", () => {
  assert.equal(
    backoff(0, () => 0.999),
    499.5,
  );
  assert.equal(
    backoff(3, () => 0.5),
    2000,
  );
  assert.equal(
    backoff(50, () => 1),
    30_000,
  );
  assert.equal(
    backoff(9, () => 0),
    0,
  );
});
