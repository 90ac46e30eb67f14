/**
 * The fake server's two doors: frames of the socket, and REST.
 *
 * @typedef {import("./chat.mjs").FakeChat} FakeChat
 * @typedef {import("./chat.mjs").Connection} Connection
 * @typedef {import("../../../static/js/types.js").Frame} Frame
 */

import { refusal } from "./chat.mjs";

const LIMITS = { text: 99_999, frame: 1_310_720, in_flight: 64, group: 100, mentions: 50 };

/** @param {FakeChat} chat @param {Connection} connection @param {Frame} frame @returns {Frame[]} the answers, in order */
export function answer(chat, connection, frame) {
  try {
    return perform(chat, connection, frame).map((one) => (frame.id === undefined ? one : { ...one, id: frame.id }));
  } catch (error) {
    return [{ type: "error", id: frame.id, ...asProblem(error) }];
  }
}

/** @param {unknown} error */
export function asProblem(error) {
  const { code, title, detail, status } = /** @type {any} */ (error);
  if (!code || !status) throw error;
  return { code, title, detail, status };
}

/** @param {FakeChat} chat @param {Connection} connection @param {Frame} frame @returns {Frame[]} */
function perform(chat, connection, frame) {
  const { user } = connection;
  const id = frame.conversation;
  switch (frame.type) {
    case "hello":
      for (const [room, seq] of Object.entries(frame.reads ?? {})) chat.mark(room, user, { read: Number(seq) });
      return [
        {
          type: "welcome",
          session: "s",
          user: chat.users.get(user),
          cursor: frame.cursor ?? chat.cursor(user),
          heartbeat_seconds: 10,
          limits: LIMITS,
        },
        ...(frame.cursor ? [chat.sync(user, frame.cursor)] : []),
      ];
    case "send": {
      if (/** @type {string} */ (frame.text).startsWith("/refuse"))
        throw refusal(403, "forbidden", "Refused, as asked");
      const { message, duplicate } = chat.append(
        id,
        user,
        { client_id: frame.client_id, text: frame.text, ...(frame.reply_to ? { reply_to: frame.reply_to } : {}) },
        connection,
      );
      return [
        {
          type: "ack",
          conversation: id,
          client_id: frame.client_id,
          seq: message.seq,
          sent_at: message.sent_at,
          duplicate,
        },
      ];
    }
    case "read":
    case "delivered":
      chat.mark(id, user, { [frame.type]: frame.seq });
      return [];
    case "history":
      return [{ type: "page", conversation: id, ...chat.history(user, id, /** @type {any} */ (frame)) }];
    case "sync":
      return [chat.sync(user, frame.cursor)];
    case "heartbeat":
      return [{ type: "heartbeat", cursor: chat.cursor(user) }];
    case "typing":
      for (const one of chat.connections) {
        if (one.user !== user && chat.sees(id, one.user, chat.room(id).conversation.head))
          one.push({ type: "typing", conversation: id, user });
      }
      return [];
    case "presence.watch":
      connection.watching = new Set(frame.users);
      return [{ type: "presence", users: frame.users.map((/** @type {string} */ who) => presence(chat, who)) }];
    default:
      throw refusal(400, "bad_request", `Unknown type ${frame.type}`);
  }
}

/** @param {FakeChat} chat @param {string} user */
export function presence(chat, user) {
  const online = [...chat.connections].some((one) => one.user === user);
  return { user, online, last_active_at: chat.now - 5 * 60_000 };
}

/** @param {FakeChat} chat @param {string} user @param {string} method @param {URL} url @param {any} body @returns {any} null for 204 */
export function rest(chat, user, method, url, body) {
  const [, , , first, id, what, whom] = url.pathname.split("/");
  if (first === "users") return byName(chat, decodeURIComponent(id ?? ""));
  if (first !== "conversations") throw refusal(404, "not_found", "No such address");
  if (!id)
    return method === "GET" ? chat.list(user, Number(url.searchParams.get("page") ?? 0)) : start(chat, user, body);
  const member = chat.member(id, user);
  const { conversation } = chat.room(id);
  if (!what) {
    if (method === "PATCH") {
      conversation.title = body.title;
      chat.tell(id, user, { type: "renamed", by: user, title: body.title });
      chat.changed(id);
      return conversation;
    }
    return chat.entry(user, id);
  }
  if (what === "messages") {
    const ask = Object.fromEntries([...url.searchParams].map(([name, value]) => [name, Number(value)]));
    return chat.history(user, id, ask);
  }
  if (what === "receipts") return { marks: [...chat.room(id).marks].map(([who, mark]) => ({ user: who, ...mark })) };
  if (what === "members") return members(chat, user, method, id, whom, body);
  if (what === "join") {
    const seq = chat.tell(id, user, { type: "joined", user, by: user });
    Object.assign(member, { state: "joined", spans: [...member.spans, [seq, null]] });
  } else if (what === "decline") member.state = "declined";
  else if (what === "leave") end(chat, id, user, user, "left");
  chat.changed(id);
  return conversation;
}

/** @param {FakeChat} chat @param {string} user @param {string} method @param {string} id @param {string | undefined} whom @param {any} body */
function members(chat, user, method, id, whom, body) {
  const { conversation } = chat.room(id);
  if (method === "POST") {
    for (const name of body.usernames) {
      const invited = byName(chat, name);
      const known = conversation.members.find((one) => one.user.id === invited.id);
      if (known) known.state = "invited";
      else conversation.members.push({ user: invited, role: "member", state: "invited", spans: [], invited_by: user });
    }
  } else if (whom && method === "PATCH") {
    chat.member(id, whom).role = body.role;
    chat.tell(id, user, { type: "role", user: whom, by: user, role: body.role });
  } else if (whom) end(chat, id, user, whom, "removed");
  chat.changed(id);
  return conversation;
}

/** @param {FakeChat} chat @param {string} id @param {string} by @param {string} user @param {"left" | "removed"} how */
function end(chat, id, by, user, how) {
  const member = chat.member(id, user);
  const seq = chat.tell(id, by, { type: how, user, by });
  member.state = how;
  const span = member.spans.at(-1);
  if (span) span[1] = seq;
}

/** @param {FakeChat} chat @param {string} user @param {any} body */
function start(chat, user, body) {
  const me = /** @type {any} */ (chat.users.get(user));
  if (body.kind === "group") {
    if (!body.title?.trim()) throw refusal(422, "invalid", "It cannot be empty");
    return chat.open(
      "group",
      me,
      body.usernames.map((/** @type {string} */ name) => byName(chat, name)),
      body.title,
      "invited",
    );
  }
  const other = byName(chat, body.username);
  for (const { conversation } of chat.rooms.values()) {
    const ids = conversation.members.map((one) => one.user.id);
    if (conversation.kind === "direct" && ids.includes(user) && ids.includes(other.id)) return conversation;
  }
  return chat.open("direct", me, [other]);
}

/** @param {FakeChat} chat @param {string} username */
function byName(chat, username) {
  const user = [...chat.users.values()].find((one) => one.username === username.toLowerCase());
  if (!user) throw refusal(404, "not_found", "Nobody has this username");
  return user;
}
