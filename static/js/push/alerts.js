/**
 * While a page is open, but nobody looks at it, it is the page that shows what comes: its device has the messages, so nothing is pushed to it.
 *
 * @typedef {import("../store/chat.js").Chat} Chat
 */

import { effect } from "../../vendor/signals-core.js";
import { t } from "../i18n/words.js";
import { personIn } from "../store/entries.js";
import { rings } from "../store/muted.js";
import { nameOf, titleOf } from "../ui/names.js";
import { keepUp, supported } from "./browser.js";

const KNOWN_MS = 60_000;
const TAKE_BACK_MS = 300;

export class Alerts {
  /** What was asked lately, by conversation; "" is what holds for all. @type {Map<string, { at: number, answer: Promise<any> }>} */
  #asked = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {{ chat: Chat, isLookedAt: () => boolean, now?: () => number }} parts */
  constructor({ chat, isLookedAt, now = Date.now }) {
    this.chat = chat;
    this.isLookedAt = isLookedAt;
    this.now = now;
  }

  start() {
    if (!supported()) return;
    void this.chat.api
      .push()
      .then((push) => keepUp(this.chat.api, push))
      .catch(() => {}); // the next start does it
    effect(() => {
      const arrival = this.chat.arrival.value;
      if (arrival && Notification.permission === "granted" && !this.isLookedAt()) {
        void this.#show(arrival.id, arrival.message).catch(() => {}); // it stands in the list all the same
      }
    });
    effect(() => {
      void this.chat.world.entries.value;
      this.#takeBackSoon();
    });
  }

  /** Many entries may change at once. */
  #takeBackSoon() {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const entries = this.chat.world.entries.peek();
      void takeBack((id) => entries.get(id)?.unread === 0);
    }, TAKE_BACK_MS);
  }

  /** @param {string} id @param {import("../types.js").Message} message */
  async #show(id, message) {
    const entry = this.chat.world.entry(id);
    if (!entry || message.kind !== "text") return;
    const push = await this.#ask("", () => this.chat.api.push());
    if (push.subscription === null || isQuiet(push, this.now())) return;
    const wish = await this.#ask(id, () => this.chat.api.conversationPush(id));
    if (!rings(wish, message.mentions?.includes(this.chat.world.me.id) ?? false, this.now())) return;
    const registration = await navigator.serviceWorker.getRegistration("/");
    const name = nameOf(personIn(entry, message.sender));
    const isGroup = entry.conversation.kind === "group";
    const text = isGroup ? `${name}: ${message.text}` : message.text;
    await registration?.showNotification(isGroup ? titleOf(entry.conversation, this.chat.world.me.id) : name, {
      body: push.previews ? text.slice(0, 300) : t("push.newMessage"),
      tag: `c${id}`,
      data: { conversation: id, seq: message.seq },
      icon: "/static/icons/icon-192.png",
      ...{ renotify: true },
    });
  }

  /** @param {string} about @param {() => Promise<any>} question */
  #ask(about, question) {
    const known = this.#asked.get(about);
    if (known && this.now() - known.at < KNOWN_MS) return known.answer;
    const answer = question();
    this.#asked.set(about, { at: this.now(), answer });
    answer.catch(() => this.#asked.delete(about));
    return answer;
  }
}

/** @param {import("../types.js").Push} push @param {number} now */
export function isQuiet(push, now) {
  if (now < (push.muted_until ?? 0)) return true;
  if (!push.quiet_hours) return false;
  const { begin, end, time_zone } = push.quiet_hours;
  const wall = new Intl.DateTimeFormat("en-GB", { timeZone: time_zone, timeStyle: "medium" }).format(now);
  return begin <= end ? begin <= wall && wall < end : wall >= begin || wall < end;
}

/** Notices of conversations for which this holds. @param {(conversation: string) => boolean} isOver */
async function takeBack(isOver) {
  const registration = await navigator.serviceWorker.getRegistration("/");
  for (const shown of (await registration?.getNotifications()) ?? []) {
    if (shown.data?.conversation && isOver(shown.data.conversation)) shown.close();
  }
}
