/**
 * A server in memory that speaks docs/protocol.md as far as the client's tests need it: conversations, inboxes, cursors, marks.
 *
 * @typedef {import("../../../static/js/types.js").User} User
 * @typedef {import("../../../static/js/types.js").Conversation} Conversation
 * @typedef {import("../../../static/js/types.js").Message} Message
 * @typedef {import("../../../static/js/types.js").Member} Member
 * @typedef {import("../../../static/js/types.js").Ask} Ask
 * @typedef {import("../../../static/js/types.js").Frame} Frame
 * @typedef {{ conversation: Conversation, log: Message[], marks: Map<string, { read: number, delivered: number }> }} Room
 * @typedef {{ kind: "message" | "receipt" | "conversation", id: string, seq?: number, user?: string }} Pointer
 * @typedef {{ user: string, push: (frame: Frame) => void, close?: (code: number) => void, watching: Set<string> }} Connection
 */

/** An error object as the server sends it. @param {number} status @param {string} code @param {string} detail */
export function refusal(status, code, detail) {
  return Object.assign(new Error(detail), { status, code, title: code, detail });
}

/** Ids are unique over all fake servers, as a browser keeps one database per user id. */
let ids = 1000;

export class FakeChat {
  constructor({ keep = Number.POSITIVE_INFINITY } = {}) {
    /** @type {Map<string, User>} */
    this.users = new Map();
    /** @type {Map<string, Room>} */
    this.rooms = new Map();
    /** What each user's devices have yet to see. @type {Map<string, Pointer[]>} */
    this.inboxes = new Map();
    /** @type {Set<Connection>} */
    this.connections = new Set();
    /** Inbox entries older than this many are trimmed. */
    this.keep = keep;
    this.now = 1_790_000_000_000;
  }

  /** @param {string} username @param {string} [display_name] */
  addUser(username, display_name = username) {
    const user = { id: String(++ids), username, display_name };
    this.users.set(user.id, user);
    this.inboxes.set(user.id, []);
    return user;
  }

  /** @param {"direct" | "group"} kind @param {User} by @param {User[]} others @param {string} [title] @param {Member["state"]} [state] */
  open(kind, by, others, title = "", state = "joined") {
    const id = String(++ids);
    /** @type {Member[]} */
    const members = [by, ...others].map((user) => ({
      user,
      role: "member",
      state: user === by ? "joined" : state,
      spans: [],
    }));
    const first = /** @type {Member} */ (members[0]);
    first.role = kind === "group" ? "owner" : "member";
    const conversation = { id, kind, title, version: 1, created_at: this.now, head: 0, members };
    for (const member of members) if (member.state === "joined") member.spans = [[1, null]];
    for (const member of members) if (member.state === "invited") member.invited_by = by.id;
    this.rooms.set(id, { conversation, log: [], marks: new Map() });
    if (kind === "group") this.tell(id, by.id, { type: "created", by: by.id, title });
    this.changed(id);
    return conversation;
  }

  /** @param {string} id @returns {Room} */
  room(id) {
    const room = this.rooms.get(id);
    if (!room) throw refusal(404, "not_found", "No such conversation");
    return room;
  }

  /** @param {string} id @param {string} user @returns {Member} */
  member(id, user) {
    const member = this.room(id).conversation.members.find((one) => one.user.id === user);
    if (!member) throw refusal(404, "not_found", "No such conversation");
    return member;
  }

  /** @param {string} id @param {string} user @param {number} seq */
  sees(id, user, seq) {
    return this.member(id, user).spans.some(([first, last]) => first <= seq && seq <= (last ?? seq));
  }

  /** @param {string} id @param {string} sender @param {Partial<Message>} fields @param {Connection} [from] @returns {{ message: Message, duplicate: boolean }} */
  append(id, sender, fields, from) {
    const { log, conversation } = this.room(id);
    const known = log.find((one) => one.sender === sender && one.client_id === fields.client_id);
    if (known) {
      if (known.text !== fields.text) throw refusal(409, "conflict", "Another text under this client id");
      return { message: known, duplicate: true };
    }
    this.now += 1000;
    /** @type {Message} */
    const message = {
      seq: log.length + 1,
      kind: "text",
      sender,
      client_id: crypto.randomUUID(),
      sent_at: this.now,
      text: "",
      ...fields,
    };
    log.push(message);
    conversation.head = message.seq;
    this.mark(id, sender, { read: message.seq }, true);
    for (const { user } of conversation.members) {
      if (!this.sees(id, user.id, message.seq)) continue;
      this.spread(
        user.id,
        { kind: "message", id, seq: message.seq },
        { type: "message", conversation: id, head: message.seq, message },
        from,
      );
    }
    return { message, duplicate: false };
  }

  /** @param {string} id @param {string} by @param {import("../../../static/js/types.js").SystemEvent} event */
  tell(id, by, event) {
    return this.append(id, by, { kind: "event", event, text: "" }).message.seq;
  }

  /** @param {string} id */
  changed(id) {
    const { conversation } = this.room(id);
    conversation.version += 1;
    const frame = { type: "conversation", conversation: structuredClone(conversation) };
    for (const { user } of conversation.members) this.spread(user.id, { kind: "conversation", id }, frame);
  }

  /** @param {string} id @param {string} user @param {{ read?: number, delivered?: number }} mark @param {boolean} [silent] */
  mark(id, user, { read = 0, delivered = 0 }, silent = false) {
    const { marks, conversation } = this.room(id);
    const old = marks.get(user) ?? { read: 0, delivered: 0 };
    const next = { read: Math.max(old.read, read), delivered: Math.max(old.delivered, delivered, read) };
    marks.set(user, next);
    if (silent || (next.read === old.read && next.delivered === old.delivered)) return;
    const frame = { type: "receipt", conversation: id, marks: [{ user, ...next }] };
    for (const one of conversation.members) this.spread(one.user.id, { kind: "receipt", id, user }, frame);
  }

  /** @param {string} user @param {Pointer} pointer @param {Frame} frame @param {Connection} [but] */
  spread(user, pointer, frame, but) {
    this.inboxes.get(user)?.push(pointer);
    for (const connection of this.connections) {
      if (connection.user === user && connection !== but) connection.push(structuredClone(frame));
    }
  }

  /** @param {string} user */
  cursor(user) {
    return `1.${this.inboxes.get(user)?.length ?? 0}`;
  }

  /** @param {string} user @param {string} id */
  entry(user, id) {
    const { conversation, log, marks } = this.room(id);
    this.member(id, user);
    const seen = log.filter((message) => this.sees(id, user, message.seq));
    const newest = seen.at(-1) ?? null;
    const read = marks.get(user)?.read ?? 0;
    const others = [...marks].filter(([who]) => who !== user).map(([, mark]) => mark);
    return structuredClone({
      conversation,
      head: conversation.head,
      read,
      unread: seen.filter((message) => message.seq > read).length,
      active_at: newest?.sent_at ?? conversation.created_at,
      preview: newest && { ...newest, text: [...newest.text].slice(0, 300).join("") },
      others_read: Math.max(0, ...others.map((mark) => mark.read)),
      others_delivered: Math.max(0, ...others.map((mark) => mark.delivered)),
    });
  }

  /** @param {string} user @param {number} [page] @param {number} [size] */
  list(user, page = 0, size = 50) {
    const mine = [...this.rooms.keys()].filter((id) =>
      this.room(id).conversation.members.some((one) => one.user.id === user),
    );
    const entries = mine.map((id) => this.entry(user, id)).sort((a, b) => b.active_at - a.active_at);
    const next = entries.length > (page + 1) * size ? page + 1 : null;
    return { entries: entries.slice(page * size, (page + 1) * size), next, cursor: this.cursor(user) };
  }

  /** @param {string} user @param {string} id @param {Ask} ask */
  history(user, id, { before, after, around, limit = 50 }) {
    this.member(id, user);
    const { log, conversation } = this.room(id);
    const seen = log.filter((message) => this.sees(id, user, message.seq));
    const fit = seen.filter(
      ({ seq }) => (before === undefined || seq < before) && (after === undefined || seq > after),
    );
    const middle = around === undefined ? 0 : Math.max(0, fit.findIndex(({ seq }) => seq >= around) - (limit >> 1));
    const messages =
      around !== undefined
        ? fit.slice(middle, middle + limit)
        : after === undefined
          ? fit.slice(-limit)
          : fit.slice(0, limit);
    const first = messages[0]?.seq ?? before ?? 1;
    const last = messages.at(-1)?.seq ?? after ?? Number.POSITIVE_INFINITY;
    const more_before = seen.some(({ seq }) => seq < first);
    return {
      messages: structuredClone(messages),
      head: conversation.head,
      more_before,
      more_after: seen.some(({ seq }) => seq > last),
    };
  }

  /** What happened after a cursor, at most `most` entries of it. @param {string} user @param {string} cursor @param {number} [most] @returns {Frame} */
  sync(user, cursor, most = 200) {
    const inbox = this.inboxes.get(user) ?? [];
    const position = Number(cursor.split(".")[1]);
    if (!(position >= inbox.length - this.keep && position <= inbox.length)) {
      return { type: "resync", cursor: this.cursor(user), reason: "trimmed" };
    }
    const missed = inbox.slice(position, position + most);
    const seen = missed.filter((one) => one.kind === "message");
    const ids = [...new Set(missed.map((one) => one.id))];
    return {
      type: "synced",
      cursor: `1.${position + missed.length}`,
      more: position + missed.length < inbox.length,
      conversations: ids.map((id) => ({
        conversation: id,
        head: this.room(id).conversation.head,
        read: this.room(id).marks.get(user)?.read ?? 0,
      })),
      changed: ids
        .filter((id) => missed.some((one) => one.id === id && one.kind === "conversation"))
        .map((id) => structuredClone(this.room(id).conversation)),
      // Only some of the messages fit: the client has to trust the heads.
      messages: seen
        .slice(0, 20)
        .map(({ id, seq = 0 }) => ({ conversation: id, message: structuredClone(this.room(id).log[seq - 1]) })),
      receipts: ids.map((id) => ({
        conversation: id,
        marks: [...this.room(id).marks].map(([who, mark]) => ({ user: who, ...mark })),
      })),
    };
  }
}
