/**
 * One message.
 *
 * @typedef {import("../types.js").Message} Message
 * @typedef {import("../types.js").Pending} Pending
 * @typedef {{ id: string, conversation: string, message: Message, pending?: Pending, mine: boolean, first: boolean, last: boolean, group: boolean,
 *   author: import("../types.js").User | undefined, tick: import("./ticks.js").TickState, readers: string }} Props
 */

import { h } from "../../vendor/preact.js";
import { useState } from "../../vendor/preact-hooks.js";
import { clock, fullTime, t } from "../i18n/words.js";
import { blocks } from "../text/markup.js";
import { onlyEmoji } from "../text/pieces.js";
import { cut } from "../text/points.js";
import { PersonAvatar } from "./avatar.js";
import { html, memo, useChat } from "./html.js";
import { Icon } from "./icons.js";
import { openMenu } from "./message-menu.js";
import { hueOf, nameOf } from "./names.js";
import { Quote } from "./quote.js";
import { Ticks } from "./ticks.js";

/** Longer texts are folded, for the screen's sake. */
const FOLD = 1500;
const FOLD_LINES = 24;

/** @type {any} */
export const Bubble = memo((/** @type {Props} */ props) => {
  const { message, pending, mine, first, last, group, author } = props;
  const side = mine ? "mine" : "theirs";
  const failed = pending?.state === "failed";
  const large = !message.redacted_at && onlyEmoji(message.text);
  const classes = ["bubble-line", side, first && "first", last && "last", failed && "failed", large && "large"];
  return html`<div class=${classes.filter(Boolean).join(" ")} data-seq=${message.seq || undefined} data-key=${props.id} tabindex="-1">
    ${!mine && group && (last ? html`<${PersonAvatar} user=${author} size="small" />` : html`<span class="avatar-space"></span>`)}
    <div class="bubble">
      ${
        !mine && group && first
          ? html`<span class="author hue-${hueOf(author?.id ?? "")}" dir="auto">${nameOf(author)}</span>`
          : html`<span class="visually-hidden">${mine ? t("event.you") : nameOf(author)}: </span>`
      }
      ${message.reply_to && !message.redacted_at && html`<${Quote} id=${props.conversation} seq=${message.reply_to} />`}
      <${Body} message=${message} />
      <span class="meta">
        ${message.edited_at && html`<span>${t("message.edited")}</span>`}
        <time datetime=${new Date(message.sent_at).toISOString()} title=${fullTime(message.sent_at)}>${clock(message.sent_at)}</time>
        ${mine && html`<${Ticks} state=${props.tick} detail=${props.readers} />`}
      </span>
    </div>
    <button
      class="icon-button small bubble-more"
      type="button"
      tabindex="-1"
      title=${t("message.menu")}
      onClick=${(/** @type {MouseEvent} */ event) => openMenu(message, /** @type {Element} */ (event.currentTarget))}
    >
      <${Icon} name="more" /><span class="visually-hidden">${t("message.menu")}</span>
    </button>
    ${failed && html`<${Failed} pending=${pending} />`}
  </div>`;
});

/** @param {{ message: Message }} props */
function Body({ message }) {
  const [unfolded, unfold] = useState(false);
  if (message.redacted_at) return html`<p class="body removed">${t("message.removed")}</p>`;
  const folded = fold(message.text);
  const text = folded === null || unfolded ? message.text : folded;
  return html`<div class="body" dir="auto">
      ${blocks(text).map(shownBlock)}${folded !== null && !unfolded && "…"}
    </div>
    ${
      folded !== null &&
      html`<button class="fold" type="button" aria-expanded=${unfolded} onClick=${() => unfold(!unfolded)}>
        ${t(unfolded ? "message.less" : "message.more")}
      </button>`
    }`;
}

/** @param {import("../text/markup.js").Block} block */
function shownBlock(block) {
  if (block.kind === "pre") return html`<pre dir="ltr" tabindex="0"><code>${block.text}</code></pre>`;
  return block.kind === "quote"
    ? html`<blockquote dir="auto">${shownInline(block.inside)}</blockquote>`
    : shownInline(block.inside);
}

/** @param {readonly import("../text/markup.js").Inline[]} inside @returns {any} */
function shownInline(inside) {
  return inside.map((one) => {
    if ("inside" in one) return h(one.kind, null, shownInline(one.inside));
    if (one.kind === "code") return html`<code>${one.text}</code>`;
    return one.kind === "link"
      ? html`<a href=${one.href} target="_blank" rel="noopener noreferrer nofollow">${one.text}</a>`
      : one.text;
  });
}

/** The beginning of a long text, or null if it is short enough. @param {string} text */
function fold(text) {
  const lines = text.split("\n", FOLD_LINES + 1);
  const short = lines.length > FOLD_LINES ? lines.slice(0, FOLD_LINES).join("\n") : text;
  const start = short.length > FOLD ? cut(short, FOLD) : short;
  return start.length < text.length ? start : null;
}

/** @param {Pending} pending */
function whyFailed({ reason, detail }) {
  if (reason === "not_found") return t("message.failed.outside");
  if (reason === "conflict") return t("message.failed.conflict");
  return detail ? t("message.failed.reason", { reason: detail }) : t("message.failed");
}

/** @param {{ pending: Pending | undefined }} props */
function Failed({ pending }) {
  const chat = useChat();
  if (!pending) return null;
  return html`<div class="failed-note" role="alert">
    <span>${whyFailed(pending)}</span>
    <button type="button" onClick=${() => chat.outbox.retry(pending.client_id)}>${t("message.retry")}</button>
    <button type="button" onClick=${() => chat.outbox.remove(pending.client_id)}>${t("message.delete")}</button>
  </div>`;
}
