/**
 * What people and conversations are called and how they are told apart by colour.
 *
 * @typedef {import("../types.js").User} User
 * @typedef {import("../types.js").Conversation} Conversation
 * @typedef {import("../types.js").Entry} Entry
 * @typedef {import("../types.js").Message} Message
 */

import { ago, listed, t } from "../i18n/words.js";
import { partner, personIn } from "../store/entries.js";

const HUES = 8;

/** @param {User | undefined} user */
export function nameOf(user) {
  return user ? user.display_name || user.username : t("message.unknownPerson");
}

/** @param {Conversation} conversation @param {string} me */
export function titleOf(conversation, me) {
  if (conversation.kind === "group") return conversation.title;
  return nameOf(partner(conversation, me));
}

/** Whether somebody is here, or since when not, in words; empty when that is not known. @param {import("../types.js").Presence | undefined} told @param {number} now */
export function presenceText(told, now) {
  if (told?.online) return t("conversation.online");
  return told?.last_active_at ? t("conversation.lastSeen", { time: ago(told.last_active_at, now) }) : "";
}

/** A steady hue for an id. @param {string} id */
export function hueOf(id) {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + character.charCodeAt(0)) % 9973;
  return sum % HUES;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** One or two letters that stand for a name. @param {string} name */
export function initials(name) {
  const words = name.split(/[\s._-]+/).filter((word) => /[\p{L}\p{N}\p{Emoji}]/u.test(word));
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : words.slice(0, 1);
  const letters = chosen.map((word) => [...graphemes.segment(word ?? "")][0]?.segment ?? "");
  return letters.join("").toLocaleUpperCase() || "?";
}

/** What a system message tells. @param {Entry} entry @param {Message} message @param {string} me */
export function eventText(entry, { event }, me) {
  if (!event) return t("event.other");
  const who = (/** @type {string | null | undefined} */ id, /** @type {"event.you" | "event.you.object"} */ you) =>
    id === me ? t(you) : nameOf(personIn(entry, id ?? ""));
  const people = (event.users ?? []).map((id) => who(id, "event.you.object"));
  const acts = event.type === "joined" || event.type === "left";
  const user = who(event.user, acts ? "event.you" : "event.you.object");
  const params = { by: who(event.by, "event.you"), user, title: event.title ?? "" };
  switch (event.type) {
    case "created":
      return t("event.created", params);
    case "renamed":
      return t("event.renamed", params);
    case "joined":
      return t("event.joined", params);
    case "added":
      return t("event.added", { ...params, names: listed(people) });
    case "left":
      return t("event.left", params);
    case "removed":
      return t("event.removed", params);
    case "role":
      return t(`event.role.${event.role ?? "member"}`, params);
    default:
      return t("event.other");
  }
}
