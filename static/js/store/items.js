/**
 * What a timeline shows, one item a line: days, the mark of the first unread, events, and messages grouped by sender.
 *
 * @typedef {import("../types.js").Message} Message
 * @typedef {import("../types.js").Pending} Pending
 * @typedef {import("../types.js").Range} Range
 * @typedef {{ kind: "day", key: string, at: number } | { kind: "unread", key: string } | { kind: "event", key: string, message: Message }
 *   | { kind: "message", key: string, message: Message, pending?: Pending, mine: boolean, first: boolean, last: boolean }} Item
 *   `first` and `last`: of the sender's group.
 */

import { daysBetween } from "../i18n/words.js";

const TOGETHER_MS = 5 * 60_000;

/** @param {{ messages: readonly Message[], pending: readonly Pending[], me: string, unread: Range | null }} what @returns {Item[]} */
export function items({ messages, pending, me, unread }) {
  /** @type {Item[]} */
  const list = [];
  const acked = new Set(messages.filter(({ sender }) => sender === me).map(({ client_id }) => client_id));
  let unreadShown = false;
  for (const message of messages) {
    if (message.kind === "void") continue;
    addDay(list, message.sent_at);
    const { seq, sender } = message;
    if (!unreadShown && unread && seq >= unread[0] && seq <= unread[1] && sender !== me) {
      unreadShown = true;
      list.push({ kind: "unread", key: `unread-${unread[0]}` });
    }
    const key = `${message.sender}:${message.client_id}`;
    if (message.kind === "event") list.push({ kind: "event", key, message });
    else addMessage(list, { kind: "message", key, message, mine: message.sender === me, first: true, last: true });
  }
  for (const one of pending) {
    if (acked.has(one.client_id)) continue;
    addDay(list, one.created_at);
    addMessage(list, {
      kind: "message",
      key: `${me}:${one.client_id}`,
      message: asMessage(one, me),
      pending: one,
      mine: true,
      first: true,
      last: true,
    });
  }
  return list;
}

/** @param {Item[]} list @param {number} at */
function addDay(list, at) {
  const before = lastMoment(list);
  if (before !== undefined && daysBetween(before, at) <= 0) return;
  list.push({ kind: "day", key: `day-${new Date(at).toDateString()}`, at });
}

/** @param {Item[]} list */
function lastMoment(list) {
  const item = list.findLast((one) => one.kind === "event" || one.kind === "message");
  return item && "message" in item ? item.message.sent_at : undefined;
}

/** @param {Item[]} list @param {Extract<Item, { kind: "message" }>} item */
function addMessage(list, item) {
  const before = list.at(-1);
  if (
    before?.kind === "message" &&
    before.message.sender === item.message.sender &&
    close(before.message, item.message)
  ) {
    before.last = false;
    item.first = false;
  }
  list.push(item);
}

/** @param {Message} one @param {Message} next */
function close(one, next) {
  return Math.abs(next.sent_at - one.sent_at) < TOGETHER_MS;
}

/** @param {Pending} pending @param {string} me @returns {Message} */
function asMessage({ client_id, created_at, text, reply_to }, me) {
  return { seq: 0, kind: "text", sender: me, client_id, sent_at: created_at, text, reply_to };
}
