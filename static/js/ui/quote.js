/**
 * What a message answers, in short: on its bubble and above the composer.
 *
 * @typedef {import("../types.js").Message} Message
 * @typedef {import("../types.js").Entry} Entry
 */

import { t } from "../i18n/words.js";
import { personIn } from "../store/entries.js";
import { plain } from "../text/markup.js";
import { cut } from "../text/points.js";
import { html, useChat } from "./html.js";
import { Icon } from "./icons.js";
import { eventText, hueOf, nameOf } from "./names.js";
import { notice } from "./screen.js";

const LENGTH = 240;

/** On a bubble; a click goes there. @param {{ id: string, seq: number }} props */
export function Quote({ id, seq }) {
  const chat = useChat();
  const entry = chat.world.entries.value.get(id);
  const message = chat.quotes.get(id, seq);
  if (!entry) return null;
  if (!message) return html`<p class="quote is-empty">${message === null ? t("quote.missing") : "…"}</p>`;
  const go = async () => {
    if (!(await chat.reader.jump(seq).catch(() => false))) notice.value = t("quote.unreachable");
  };
  return html`<button class="quote hue-${hueOf(message.sender)}" type="button" onClick=${go}>
    <span class="visually-hidden">${t("quote.go")}: </span><${Said} entry=${entry} message=${message} />
  </button>`;
}

/** Above the composer. @param {{ id: string }} props */
export function Replying({ id }) {
  const { world } = useChat();
  const entry = world.entries.value.get(id);
  const message = world.replies.value.get(id);
  if (!entry || !message) return null;
  return html`<div class="replying hue-${hueOf(message.sender)}">
    <span class="visually-hidden">${t("quote.replying")}</span>
    <span class="replying-to"><${Said} entry=${entry} message=${message} /></span>
    <button class="icon-button small" type="button" onClick=${() => world.setReply(id, null)} title=${t("quote.cancel")}>
      <${Icon} name="close" /><span class="visually-hidden">${t("quote.cancel")}</span>
    </button>
  </div>`;
}

/** @param {{ entry: Entry, message: Message }} props */
function Said({ entry, message }) {
  const me = useChat().world.me.id;
  const who = message.sender === me ? t("event.you") : nameOf(personIn(entry, message.sender));
  return html`<b class="quote-who" dir="auto">${who}</b> <span class="quote-text" dir="auto">${words(entry, message, me)}</span>`;
}

/** @param {Entry} entry @param {Message} message @param {string} me */
function words(entry, message, me) {
  if (message.redacted_at) return t("message.removed");
  return message.kind === "event" ? eventText(entry, message, me) : cut(plain(cut(message.text, LENGTH * 2)), LENGTH);
}
