import assert from "node:assert/strict";
import { test } from "node:test";
import { en } from "../../static/js/i18n/en.js";
import { dayName, setLocale, shortTime, t } from "../../static/js/i18n/words.js";
import { zhHans } from "../../static/js/i18n/zh-hans.js";
import { Problem } from "../../static/js/net/problem.js";
import {
  countUnread,
  mergeEntries,
  newcomers,
  personIn,
  withConversation,
  withMarks,
} from "../../static/js/store/entries.js";
import { items } from "../../static/js/store/items.js";
import { apply, EMPTY } from "../../static/js/store/timeline.js";
import { follow, growDown, growUp, MOST, shown, tailView } from "../../static/js/store/view.js";
import { onlyEmoji, pieces } from "../../static/js/text/pieces.js";
import { countPoints, cut, pointsLeft, tidy } from "../../static/js/text/points.js";
import { explain, usernames } from "../../static/js/ui/explain.js";
import { FakeChat } from "./fake/chat.mjs";
import { chance, pick } from "./fake/random.mjs";

/** @param {number} seq @param {Partial<import("../../static/js/types.js").Message>} [fields] @returns {import("../../static/js/types.js").Message} */
function message(seq, fields = {}) {
  return {
    seq,
    kind: "text",
    sender: "1",
    client_id: `c${seq}`,
    sent_at: 1_795_000_000_000 + seq * 1000,
    text: `${seq}`,
    ...fields,
  };
}

test("both catalogues have the same keys and the same places to fill", () => {
  assert.deepEqual(Object.keys(zhHans).sort(), Object.keys(en).sort());
  for (const [key, phrase] of Object.entries(en)) {
    const places = (/** @type {any} */ one) =>
      [...JSON.stringify(one.other ?? one).matchAll(/\{\w+\}/g)].map(String).sort();
    assert.deepEqual(places(zhHans[/** @type {keyof typeof en} */ (key)]), places(phrase), key);
  }
});

test("plurals and dates follow the language", () => {
  setLocale("en");
  assert.equal(t("list.unread", { count: 1 }), "1 unread message");
  assert.equal(t("list.unread", { count: 1200 }), "1,200 unread messages");
  const now = new Date(2026, 10, 24, 12).getTime();
  assert.equal(dayName(now - 86_400_000, now), "Yesterday");
  setLocale("zh-hans");
  assert.equal(t("list.unread", { count: 1 }), "1 条未读消息");
  assert.equal(dayName(now, now), "今天");
  assert.match(shortTime(now - 3 * 86_400_000, now), /星期/);
  setLocale("en");
});

test("characters are counted as the server counts them", () => {
  assert.equal(countPoints("a😀e\u0301"), 4);
  assert.equal(pointsLeft("x".repeat(99_999)), 0);
  assert.equal(pointsLeft("😀".repeat(100_000)), -1);
  assert.equal(pointsLeft("short"), null);
  assert.equal(cut("😀😀😀", 2), "😀😀");
  assert.equal(tidy("\n  \n  keep the indent\n\n"), "  keep the indent");
  assert.equal(tidy("a\uD800b\0"), "a\uFFFDb");
});

test("only http and https become links, and what follows a sentence stays out", () => {
  const links = (/** @type {string} */ text) =>
    pieces(text).flatMap((piece) => (piece.kind === "link" ? [piece.text] : []));
  assert.deepEqual(links("(see https://a.b/c_(d)). and http://x.y!"), ["https://a.b/c_(d)", "http://x.y"]);
  assert.deepEqual(links("javascript:alert(1) data:text/html,x ftp://a.b //c.d <script>"), []);
  assert.deepEqual(links("看 https://a.b/路。好"), ["https://a.b/路"]);
  assert.deepEqual(links("https://a.b/\u202egnp.exe"), ["https://a.b/"]);
  const text = "x https://a.b y";
  assert.equal(
    pieces(text)
      .map((piece) => piece.text)
      .join(""),
    text,
  );
});

test("a long run of brackets and links takes no long time", () => {
  const hard = `https://a.b/${")".repeat(1900)} `.repeat(50);
  assert.equal(
    pieces(hard)
      .map((piece) => piece.text)
      .join(""),
    hard,
  );
});

test("up to six emoji alone are large", () => {
  assert.ok(onlyEmoji("👍🏽 👨‍👩‍👧"));
  for (const text of ["1", "#", "hi 👍", "👍👍👍👍👍👍👍", ""]) assert.ok(!onlyEmoji(text), text);
});

test("unread are the seqs after the read mark that one may see", () => {
  const chat = new FakeChat();
  const [ana, ben] = [chat.addUser("ana"), chat.addUser("ben")];
  const conversation = chat.open("group", ben, [ana], "G");
  const entry = { ...chat.entry(ana.id, conversation.id), head: 20, read: 3 };
  const place = /** @type {any} */ (entry.conversation.members.find(({ user }) => user.id === ana.id));
  place.spans = [
    [2, 5],
    [9, 12],
    [18, null],
  ];
  assert.equal(countUnread(entry, ana.id), 2 + 4 + 3);
});

test("only who was not invited or in before counts as invited", () => {
  const chat = new FakeChat();
  const [ana, ben, cem] = [chat.addUser("ana"), chat.addUser("ben"), chat.addUser("cem")];
  const before = chat.entry(ana.id, chat.open("group", ana, [ben, cem], "G").id).conversation;
  const place = /** @type {any} */ (before.members.find(({ user }) => user.id === ben.id));
  place.state = "invited";
  assert.deepEqual(newcomers(before, structuredClone(before)), { invited: 0, added: 0 });
  const dan = { ...place, user: chat.addUser("dan") };
  const eva = { ...place, user: chat.addUser("eva"), state: "joined" };
  assert.deepEqual(newcomers(before, { ...before, members: [...before.members, dan, eva] }), { invited: 1, added: 1 });
});

test("an unknown username is named as the server names it", () => {
  const body = { code: "not_found", status: 404, detail: "There is no anna" };
  assert.equal(explain(new Problem({ ...body, field: "usernames" }), "user"), "There is no anna");
  assert.equal(explain(new Problem(body), "user"), t("error.not_found.user"));
});

test("usernames are told apart by spaces and commas, each once", () => {
  assert.deepEqual(usernames(" @Anna, ben、anna；cem "), ["anna", "ben", "cem"]);
});

test("entries merge in any order to the same", () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const random = chance(seed);
    const chat = new FakeChat();
    const [ana, ben] = [chat.addUser("ana"), chat.addUser("ben")];
    const { id } = chat.open("direct", ana, [ben]);
    const tellings = [chat.entry(ana.id, id)];
    for (let step = 0; step < 6; step += 1) {
      chat.append(id, pick(random, [ana, ben]).id, { text: `${step}` });
      if (random() < 0.5) chat.mark(id, pick(random, [ana, ben]).id, { read: chat.room(id).log.length });
      if (random() < 0.3) chat.changed(id);
      tellings.push(chat.entry(ana.id, id));
    }
    const shuffled = [...tellings].sort(() => random() - 0.5);
    const merged = /** @type {import("../../static/js/types.js").Entry[]} */ (shuffled).reduce((one, next) =>
      mergeEntries(one, next, ana.id),
    );
    const { conversation, ...rest } = merged;
    const { conversation: newest, ...expected } = chat.entry(ana.id, id);
    assert.deepEqual(rest, expected, `seed ${seed}`);
    assert.equal(conversation.version, newest.version);
  }
});

test("marks never fall, and names outlive a membership", () => {
  const chat = new FakeChat();
  const [ana, ben] = [chat.addUser("ana"), chat.addUser("ben")];
  const conversation = chat.open("group", ben, [ana], "G");
  let entry = withMarks(chat.entry(ana.id, conversation.id), [{ user: ben.id, read: 5, delivered: 3 }], ana.id);
  entry = withMarks(entry, [{ user: ben.id, read: 2, delivered: 2 }], ana.id);
  assert.deepEqual([entry.others_read, entry.others_delivered], [5, 5]);
  const outside = {
    ...conversation,
    version: 99,
    members: conversation.members.filter(({ user }) => user.id === ana.id),
    people: conversation.members.map(({ user }) => user),
  };
  entry = withConversation(entry, outside, ana.id);
  assert.equal(personIn(entry, ben.id)?.username, "ben");
  assert.equal(entry.conversation.members.length, 1);
});

test("the view stays bounded and gap-free while going up and down", () => {
  const messages = Array.from({ length: 1000 }, (_, at) => message(at + 1));
  const timeline = apply(EMPTY, { type: "stored", range: [1, 1000], messages });
  let view = tailView(timeline);
  assert.deepEqual([view.low, view.high, view.tail], [951, 1000, true]);
  for (let up = growUp(timeline, view); up; up = growUp(timeline, view)) {
    assert.ok(up.low < view.low);
    view = up;
    assert.ok(shown(timeline, view).length <= MOST);
  }
  assert.equal(view.low, 1);
  const grown = apply(timeline, { type: "message", message: message(1001), head: 1001 });
  assert.deepEqual(follow(grown, view), view);
  for (let steps = 0; !view.tail; steps += 1) {
    view = growDown(grown, view);
    assert.ok(shown(grown, view).length <= MOST);
    assert.ok(steps < 30);
  }
  assert.equal(view.high, 1001);
  const next = apply(grown, { type: "message", message: message(1002), head: 1002 });
  assert.equal(follow(next, view).high, 1002);
});

test("at the tail a long stay keeps the view bounded", () => {
  let timeline = apply(EMPTY, {
    type: "stored",
    range: [1, 50],
    messages: Array.from({ length: 50 }, (_, at) => message(at + 1)),
  });
  let view = tailView(timeline);
  for (let seq = 51; seq <= 700; seq += 1) {
    timeline = apply(timeline, { type: "message", message: message(seq), head: seq });
    view = follow(timeline, view);
    assert.equal(view.high, seq);
    assert.ok(shown(timeline, view).length <= MOST);
  }
});

test("lines are grouped by sender and day, with one mark for what was unread", () => {
  const day = 86_400_000;
  const noon = new Date(2026, 10, 20, 12).getTime();
  const list = items({
    messages: [
      message(1, { sent_at: noon, sender: "2" }),
      message(2, { sent_at: noon + 1000, sender: "2" }),
      message(3, { kind: "void", sent_at: noon + 2000 }),
      message(4, { sent_at: noon + 10 * 60_000, sender: "2" }),
      message(5, { sent_at: noon + day, sender: "2" }),
      message(6, { sent_at: noon + day, kind: "event", sender: "1" }),
    ],
    pending: [
      { client_id: "p", conversation: "9", text: "soon", after: 6, created_at: noon + day + 5000, state: "pending" },
    ],
    me: "1",
    unread: [5, 6],
  });
  assert.deepEqual(
    list.map((item) =>
      item.kind === "message"
        ? `${item.message.text}${item.first ? " first" : ""}${item.last ? " last" : ""}`
        : item.kind,
    ),
    ["day", "1 first", "2 last", "4 first last", "day", "unread", "5 first last", "event", "soon first last"],
  );
  assert.equal(new Set(list.map(({ key }) => key)).size, list.length);
});

test("a message keeps its line's key when it gets its seq", () => {
  const pending = /** @type {const} */ ({
    client_id: "p",
    conversation: "9",
    text: "x",
    after: 0,
    created_at: 1_795_000_000_000,
    state: "pending",
  });
  const before = items({ messages: [], pending: [pending], me: "1", unread: null });
  const after = items({ messages: [message(1, { client_id: "p" })], pending: [pending], me: "1", unread: null });
  assert.equal(before.at(-1)?.key, after.at(-1)?.key);
  assert.equal(after.filter(({ kind }) => kind === "message").length, 1);
});
