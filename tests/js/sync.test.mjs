import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeChat } from "./fake/chat.mjs";
import { chance, pick } from "./fake/random.mjs";
import { Device } from "./fake/rig.mjs";

/** @param {Device} device @param {string} id */
async function stored(device, id) {
  return device.cache.messages(id, 0, Number.MAX_SAFE_INTEGER);
}

/** What a device knows of a conversation must be the server's, wherever it claims to know. @param {Device} device @param {string} id @param {string} hint */
async function agrees(device, id, hint) {
  const server = device.chat.entry(device.user.id, id);
  const entry = /** @type {any} */ (device.world.entry(id));
  assert.ok(entry, `${hint}: has the conversation`);
  assert.equal(entry.head, server.head, `${hint}: head`);
  assert.equal(entry.read, server.read, `${hint}: read`);
  assert.equal(entry.unread, server.unread, `${hint}: unread`);
  assert.equal(entry.others_read, server.others_read, `${hint}: read by others`);
  assert.equal(entry.preview?.seq, server.preview?.seq, `${hint}: preview`);
  // A new head makes no new version, so the object's own head may lag; the entry's may not.
  assert.deepEqual({ ...entry.conversation, head: server.head }, server.conversation, `${hint}: conversation`);
  const log = device.chat.room(id).log.filter(({ seq }) => device.chat.sees(id, device.user.id, seq));
  const held = device.sync.heldOf(id);
  const expected = log.filter(({ seq }) => held.some(([first, last]) => first <= seq && seq <= last));
  assert.deepEqual(plain(await stored(device, id)), plain(expected), `${hint}: messages`);
  const timeline = device.world.timelines.peek().get(id);
  if (!timeline) return;
  const inMemory = log.filter(({ seq }) => timeline.held.some(([first, last]) => first <= seq && seq <= last));
  assert.deepEqual(plain(timeline.rows), plain(inMemory), `${hint}: rows`);
}

/** @param {readonly any[]} messages */
function plain(messages) {
  return messages.map(({ seq, sender, client_id, text }) => ({ seq, sender, client_id, text }));
}

test("a fresh device gets the list, and a conversation when it opens it", async () => {
  const chat = new FakeChat();
  const [ana, ben] = [chat.addUser("ana"), chat.addUser("ben")];
  const { id } = chat.open("direct", ana, [ben]);
  for (let at = 0; at < 120; at += 1) chat.append(id, ben.id, { text: `${at}` });
  const device = await Device.start(chat, ana);
  device.connect();
  await device.quiet();
  assert.equal(device.world.entry(id)?.unread, 120);
  await device.reader.show(id);
  assert.equal(device.world.timeline(id).rows.length, 100, "the newest, and those around the first unread");
  await device.reader.newer();
  await device.reader.newer();
  assert.equal(device.world.timeline(id).rows.length, 120);
  assert.deepEqual(device.world.timeline(id).held, [[1, 120]]);
  assert.equal(device.reader.open.peek()?.view.low, 1);
  await device.end();
});

test("a device that comes back pulls what the gift left out, and the next start needs no network", async () => {
  const chat = new FakeChat();
  const [ana, ben] = [chat.addUser("ana"), chat.addUser("ben")];
  const { id } = chat.open("direct", ana, [ben]);
  for (let at = 0; at < 10; at += 1) chat.append(id, ben.id, { text: `${at}` });
  const device = await Device.start(chat, ana);
  device.connect();
  await device.quiet();
  await device.reader.show(id);
  device.cut();
  for (let at = 0; at < 300; at += 1) chat.append(id, ben.id, { text: `missed ${at}` });
  device.connect();
  await device.quiet();
  await agrees(device, id, "after the gap");
  assert.equal(device.world.timeline(id).rows.length, 310);
  await device.end();

  const again = await Device.start(chat, ana);
  await again.reader.show(id);
  assert.equal(again.world.timeline(id).rows.at(-1)?.text, "missed 299");
  await again.end();
});

test("more than 1,000 behind, it drops what it held and loads the newest page", async () => {
  const chat = new FakeChat();
  const [ana, ben] = [chat.addUser("ana"), chat.addUser("ben")];
  const { id } = chat.open("direct", ana, [ben]);
  chat.append(id, ben.id, { text: "first" });
  const device = await Device.start(chat, ana);
  device.connect();
  await device.quiet();
  await device.reader.show(id);
  device.cut();
  for (let at = 0; at < 1200; at += 1) chat.append(id, ben.id, { text: `${at}` });
  device.connect();
  await device.quiet();
  const held = device.sync.heldOf(id);
  assert.equal(held.at(-1)?.[1], 1201);
  assert.ok(/** @type {any} */ (held.at(-1))[0] > 1100);
  await agrees(device, id, "far behind");
  await device.end();
});

test("a message sent while the line is lost is there once after it returns", async () => {
  const chat = new FakeChat();
  const [ana, ben] = [chat.addUser("ana"), chat.addUser("ben")];
  const { id } = chat.open("direct", ana, [ben]);
  const device = await Device.start(chat, ana);
  device.connect();
  await device.quiet();
  let lose = true;
  device.losesAnswer = () => lose;
  device.outbox.add(id, "once");
  await device.quiet();
  assert.equal(device.online, false);
  assert.equal(chat.room(id).log.length, 1);
  assert.equal(device.world.pending.peek().length, 1);
  lose = false;
  await device.end();
  const again = await Device.start(chat, ana);
  assert.equal(again.world.pending.peek().length, 1);
  again.connect();
  await again.quiet();
  assert.equal(again.world.pending.peek().length, 0);
  assert.equal(chat.room(id).log.length, 1);
  await agrees(again, id, "sent once");
  await again.end();
});

test("a heartbeat that nobody asked for makes a device that is behind catch up, and confirms no mark", async () => {
  const chat = new FakeChat();
  const [ana, ben] = [chat.addUser("ana"), chat.addUser("ben")];
  const { id } = chat.open("direct", ana, [ben]);
  chat.append(id, ben.id, { text: "one" });
  const device = await Device.start(chat, ana);
  device.connect();
  await device.quiet();
  await device.reader.show(id);
  device.reads.read(id, 1);
  device.live = () => 0; // the packets are lost
  chat.append(id, ben.id, { text: "two" });
  await device.quiet();
  assert.equal(device.world.entry(id)?.head, 1);
  for (let times = 0; times < 3; times += 1) device.told();
  await device.quiet();
  assert.deepEqual(
    device.world.timeline(id).rows.map(({ text }) => text),
    ["one", "two"],
  );
  assert.deepEqual(device.reads.unconfirmed(), { [id]: 1 });
  for (let times = 0; times < 2; times += 1) device.heartbeat();
  await device.quiet();
  assert.deepEqual(device.reads.unconfirmed(), {});
  await device.end();
});

test("any mixture of messages, marks, losses, duplicates, cuts and reloads ends in the server's state", async () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const random = chance(seed);
    const chat = new FakeChat({ keep: pick(random, [Number.POSITIVE_INFINITY, 25]) });
    const [ana, ben, cleo] = [chat.addUser("ana"), chat.addUser("ben"), chat.addUser("cleo")];
    const ids = [chat.open("direct", ana, [ben]).id, chat.open("group", ben, [ana, cleo], "Three").id];
    const start = async () => {
      const device = await Device.start(chat, ana);
      device.live = () => (random() < 0.2 ? 0 : random() < 0.2 ? 2 : 1);
      device.losesAnswer = () => random() < 0.03;
      return device;
    };
    let device = await start();
    let written = 0;
    for (let step = 0; step < 60; step += 1) {
      const id = pick(random, ids);
      const what = pick(random, [
        "theirs",
        "theirs",
        "theirs",
        "mine",
        "mine",
        "read",
        "cut",
        "connect",
        "connect",
        "open",
        "older",
        "beat",
        "told",
        "reload",
        "rename",
        "rest",
      ]);
      if (what === "theirs")
        for (let more = random() * 12; more > 0; more -= 1) chat.append(id, ben.id, { text: `t${step}` });
      else if (what === "mine") device.outbox.add(id, `m${++written}`);
      else if (what === "read") device.reads.read(id, device.world.entry(id)?.head ?? 0);
      else if (what === "cut") device.cut();
      else if (what === "connect") device.connect();
      else if (what === "open") await device.reader.show(id);
      else if (what === "older") await device.reader.older();
      else if (what === "beat") device.heartbeat();
      else if (what === "told") device.told();
      else if (what === "rest") await device.quiet();
      else if (what === "rename") {
        chat.room(/** @type {string} */ (ids[1])).conversation.title = `Title ${step}`;
        chat.changed(/** @type {string} */ (ids[1]));
      } else if (random() < 0.5) {
        await device.end();
        device = await start();
      }
    }
    device.live = () => 1;
    device.losesAnswer = () => false;
    for (let round = 0; round < 3; round += 1) {
      device.connect();
      await device.quiet();
      device.outbox.flush();
      device.heartbeat();
      await device.quiet();
    }
    for (const id of ids) await agrees(device, id, `seed ${seed}`);
    assert.equal(device.world.pending.peek().length, 0, `seed ${seed}: outbox`);
    const mine = ids.flatMap((id) =>
      chat.room(id).log.filter((message) => message.sender === ana.id && message.kind === "text"),
    );
    assert.equal(mine.length, written, `seed ${seed}: each of ours once`);
    for (const id of ids) {
      const order = chat
        .room(id)
        .log.filter((message) => message.sender === ana.id && message.kind === "text")
        .map(({ text }) => Number(text.slice(1)));
      assert.deepEqual(
        order,
        [...order].sort((a, b) => a - b),
        `seed ${seed}: in the order written`,
      );
    }
    await device.end();
  }
});
