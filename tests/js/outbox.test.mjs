import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeChat } from "./fake/chat.mjs";
import { chance, pick } from "./fake/random.mjs";
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

test("what an answer answers goes with it, and outlives a reload", async () => {
  const { chat, id, ana, device } = await pair();
  const { seq } = chat.append(id, ana.id, { text: "shall we?" }).message;
  device.connect();
  await device.quiet();
  device.cut();
  device.outbox.add(id, "we shall", seq);
  await device.end();
  const again = await Device.start(chat, device.user);
  assert.equal(again.world.pending.peek()[0]?.reply_to, seq);
  again.connect();
  await again.quiet();
  assert.equal(chat.room(id).log.at(-1)?.reply_to, seq);
  await again.end();
});

test("any mixture of sends, cuts, lost answers and reloads sends everything once and in order", async () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = chance(seed);
    const chat = new FakeChat();
    const [ana, ben] = [chat.addUser("ana"), chat.addUser("ben")];
    const rooms = [chat.open("direct", ana, [ben]).id, chat.open("group", ana, [ben], "both").id];
    let device = await Device.start(chat, ana);
    /** @type {Map<string, string[]>} */
    const written = new Map(rooms.map((id) => [id, []]));
    for (let step = 0; step < 60; step += 1) {
      const id = pick(random, rooms);
      switch (Math.floor(random() * 7)) {
        case 0:
          device.connect();
          break;
        case 1:
          device.cut();
          break;
        case 2:
          device.losesAnswer = () => random() < 0.4;
          break;
        case 3:
          await device.end();
          device = await Device.start(chat, ana);
          break;
        case 4:
          await device.quiet();
          break;
        default: {
          const text = random() < 0.15 ? `/refuse ${step}` : `${step}`;
          device.outbox.add(id, text);
          written.get(id)?.push(text);
          chat.now += 1;
        }
      }
    }
    device.losesAnswer = () => false;
    for (let turn = 0; turn < 3; turn += 1) {
      device.cut();
      await device.quiet();
      device.connect();
      await device.quiet();
    }
    const isRefused = (/** @type {string} */ text) => text.startsWith("/refuse");
    for (const id of rooms) {
      const said = chat.room(id).log.filter(({ kind }) => kind === "text");
      const wanted = (written.get(id) ?? []).filter((text) => !isRefused(text));
      assert.deepEqual(said.map(({ text }) => text), wanted, `seed ${seed}`); // biome-ignore format: one line each
      const left = device.world.pending.peek().filter(({ conversation }) => conversation === id);
      assert.deepEqual(
        left.map(({ text, state }) => [text, state]),
        (written.get(id) ?? []).filter(isRefused).map((text) => [text, "failed"]),
        `seed ${seed}`,
      );
    }
    await device.end();
  }
});
