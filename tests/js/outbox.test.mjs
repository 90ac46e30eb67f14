import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeChat } from "./fake/chat.mjs";
import { Device } from "./fake/rig.mjs";

async function pair() {
  const chat = new FakeChat();
  const [ana, ben] = [chat.addUser("ana"), chat.addUser("ben")];
  const { id } = chat.open("direct", ana, [ben]);
  const device = await Device.start(chat, ana);
  return { chat, id, ana, device };
}

test("what is written offline goes out in order once there is a line", async () => {
  const { chat, id, device } = await pair();
  device.connect();
  await device.quiet();
  device.cut();
  for (const text of ["one", "two", "three"]) device.outbox.add(id, text);
  await device.quiet();
  assert.deepEqual(
    device.world.pending.peek().map(({ text }) => text),
    ["one", "two", "three"],
  );
  device.connect();
  await device.quiet();
  assert.deepEqual(
    chat.room(id).log.map(({ text }) => text),
    ["one", "two", "three"],
  );
  await device.end();
});

test("a refused message fails, lets the next one pass, and can be retried or removed", async () => {
  const { chat, id, device } = await pair();
  device.connect();
  await device.quiet();
  device.outbox.add(id, "/refuse this");
  device.outbox.add(id, "but this passes");
  await device.quiet();
  const [failed] = device.world.pending.peek();
  assert.equal(failed?.state, "failed");
  assert.equal(failed?.reason, "forbidden");
  assert.equal(chat.room(id).log.at(-1)?.text, "but this passes");
  device.outbox.retry(failed?.client_id ?? "");
  assert.equal(device.world.pending.peek()[0]?.state, "pending");
  await device.quiet();
  assert.equal(device.world.pending.peek()[0]?.state, "failed");
  device.outbox.remove(failed?.client_id ?? "");
  await device.end();
  const again = await Device.start(chat, device.user);
  assert.equal(again.world.pending.peek().length, 0);
  await again.end();
});

test("a text goes out in NFC, so that ours is what the server keeps", async () => {
  const { chat, id, device } = await pair();
  device.connect();
  await device.quiet();
  device.outbox.add(id, "e\u0301");
  await device.quiet();
  assert.equal(chat.room(id).log[0]?.text, "\u00e9");
  await device.end();
});

test("another device of ours sending clears nothing here but its own", async () => {
  const { chat, id, ana, device } = await pair();
  device.connect();
  await device.quiet();
  device.cut();
  device.outbox.add(id, "mine");
  chat.append(id, ana.id, { text: "from the phone" });
  device.connect();
  await device.quiet();
  assert.deepEqual(
    chat.room(id).log.map(({ text }) => text),
    ["from the phone", "mine"],
  );
  assert.equal(device.world.pending.peek().length, 0);
  await device.end();
});
