/**
 * How far our messages have come in a conversation, from the others' marks.
 *
 * @typedef {import("../types.js").Entry} Entry
 * @typedef {import("../types.js").Mark} Mark
 * @typedef {import("../types.js").Message} Message
 * @typedef {import("../types.js").Pending} Pending
 */

import { listed, t } from "../i18n/words.js";
import { nameOf } from "./names.js";

/** In a group a message counts as read once everybody has. @param {Entry} entry @param {ReadonlyMap<string, Mark> | undefined} marks @param {string} me */
export function progress(entry, marks, me) {
  const others = entry.conversation.members.filter(({ user, state }) => user.id !== me && state === "joined");
  const markOf = (/** @type {import("../types.js").Member} */ { user }) => marks?.get(user.id);
  const direct = entry.conversation.kind === "direct";
  const least = (/** @type {"read" | "delivered"} */ what) =>
    others.length === 0 ? 0 : Math.min(...others.map((member) => markOf(member)?.[what] ?? 0));
  const read = direct ? Math.max(entry.others_read, least("read")) : least("read");
  const delivered = direct ? Math.max(entry.others_delivered, least("delivered")) : least("delivered");
  return {
    /** @param {Message} message @param {Pending} [pending] @returns {import("./ticks.js").TickState} */
    tick({ seq }, pending) {
      if (pending) return pending.state;
      return seq <= read ? "read" : seq <= delivered ? "delivered" : "sent";
    },
    /** Who has read it, in words; empty where that says no more than the tick. @param {Message} message @returns {string} */
    readers({ seq }) {
      if (direct || seq === 0) return "";
      const names = others.filter((member) => (markOf(member)?.read ?? 0) >= seq).map(({ user }) => nameOf(user));
      return names.length > 0 ? t("message.readBy", { names: listed(names) }) : "";
    },
  };
}

/**
 * How far a message has come, person by person, without its author.
 *
 * @param {Entry} entry @param {ReadonlyMap<string, Mark> | undefined} marks @param {Message} message
 */
export function reach(entry, marks, { seq, sender }) {
  const { members, kind } = entry.conversation;
  const direct = { read: entry.others_read, delivered: entry.others_delivered };
  /** @type {Record<"read" | "delivered" | "waiting", import("../types.js").User[]>} */
  const found = { read: [], delivered: [], waiting: [] };
  for (const { user, state } of members) {
    if (state !== "joined" || user.id === sender) continue;
    const mark = marks?.get(user.id) ?? (kind === "direct" ? direct : undefined);
    const what = seq <= (mark?.read ?? 0) ? "read" : seq <= (mark?.delivered ?? 0) ? "delivered" : "waiting";
    found[what].push(user);
  }
  return found;
}
