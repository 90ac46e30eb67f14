/** The open conversation: where it begins, and going to any message of a history that is held in pieces. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST, shown } from "../../static/js/store/view.js";
import { FakeChat } from "./fake/chat.mjs";
import { chance } from "./fake/random.mjs";
import { Device } from "./fake/rig.mjs";

/** @param {number} count */
async function history(count) {
  const chat = new FakeChat();
  const [ana, ben] = [chat.addUser("ana"), chat.addUser("ben")];
  const { id } = chat.open("direct", ana, [ben]);
  for (let at = 1; at <= count; at += 1) chat.append(id, ben.id, { text: `${at}` });
  const device = await Device.start(chat, ana);
  device.connect();
  await device.quiet();
  return { chat, id, ana, ben, device };
}

/** @param {Device} device */
function seqs(device) {
  const open = device.reader.open.peek();
  if (!open) return [];
  return shown(device.world.timeline(open.id), open.view).map(({ seq }) => seq);
}

/** @param {number[]} list */
function isDense(list) {
  return list.every((seq, at) => at === 0 || seq === (list[at - 1] ?? 0) + 1);
}

test("many unread: it begins with the first of them, not at the end", async () => {
  const { device, id } = await history(600);
  await device.reader.show(id);
  assert.ok(seqs(device).includes(1));
  assert.equal(device.reader.open.peek()?.view.tail, false);
  device.reader.toNewest();
  assert.equal(seqs(device).at(-1), 600);
  await device.end();
});

test("whoever goes to the newest while it loads is left there", async () => {
  const { device, id } = await history(600);
  const showing = device.reader.show(id);
  device.reader.toNewest();
  await showing;
  assert.equal(seqs(device).at(-1), 600);
  assert.equal(device.reader.open.peek()?.view.tail, true);
  await device.end();
});

test("few unread: it begins at the end, and follows what comes", async () => {
  const { chat, device, id, ana, ben } = await history(300);
  chat.mark(id, ana.id, { read: 290, delivered: 300 });
  await device.end();
  const again = await Device.start(chat, ana);
  again.connect();
  await again.quiet();
  await again.reader.show(id);
  assert.equal(again.reader.open.peek()?.view.tail, true);
  chat.append(id, ben.id, { text: "more" });
  await again.quiet();
  assert.equal(seqs(again).at(-1), 301);
  await again.end();
});

test("a message far from all that is held is gone to, and from there both ways", async () => {
  const { chat, device, id, ana } = await history(1000);
  chat.mark(id, ana.id, { read: 1000, delivered: 1000 });
  await device.end();
  const again = await Device.start(chat, ana);
  again.connect();
  await again.quiet();
  await again.reader.show(id);
  assert.equal(await again.reader.jump(333), true);
  assert.deepEqual(again.reader.open.peek()?.target, { seq: 333 });
  assert.ok(seqs(again).includes(333) && isDense(seqs(again)));
  for (let step = 0; step < 40 && !again.reader.open.peek()?.view.tail; step += 1) await again.reader.newer();
  assert.equal(seqs(again).at(-1), 1000);
  assert.equal(await again.reader.jump(2000), false);
  await again.end();
});

test("whichever way one goes, what is shown is dense, bounded, and has the message gone to", async () => {
  const { device, id } = await history(1500);
  const random = chance(5);
  await device.reader.show(id);
  for (let step = 0; step < 300; step += 1) {
    const way = random();
    if (way < 0.2) {
      const seq = 1 + Math.floor(random() * 1500);
      assert.equal(await device.reader.jump(seq), true);
      assert.ok(seqs(device).includes(seq), `${seq}`);
    } else if (way < 0.55) await device.reader.older();
    else if (way < 0.9) await device.reader.newer();
    else device.reader.toNewest();
    const list = seqs(device);
    assert.ok(isDense(list), `step ${step}`);
    assert.ok(list.length > 0 && list.length <= MOST, `step ${step}: ${list.length}`);
  }
  await device.end();
});
