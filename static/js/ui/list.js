/**
 * The conversation list: invitations first, then conversations, newest first.
 *
 * @typedef {import("../types.js").Entry} Entry
 */

import { useState } from "../../vendor/preact-hooks.js";
import { fullTime, shortTime, t } from "../i18n/words.js";
import { personIn, placeOf } from "../store/entries.js";
import { plain } from "../text/markup.js";
import { cut } from "../text/points.js";
import { ConversationAvatar } from "./avatar.js";
import { html, memo, useChat } from "./html.js";
import { Icon } from "./icons.js";
import { Answers, invitedBy } from "./invitation.js";
import { eventText, nameOf, titleOf } from "./names.js";
import { dialog, go, now, route } from "./screen.js";
import { Ticks } from "./ticks.js";

const PREVIEW = 160;
/** Rows at first, and more as the reader scrolls: five hundred cost a phone a second. */
const FIRST = 40;
const STEP = 100;

export function List() {
  const chat = useChat();
  const [most, allow] = useState(FIRST);
  const { world } = chat;
  const me = world.me.id;
  const entries = world.list.value;
  const stateOf = (/** @type {Entry} */ entry) => placeOf(entry.conversation, me)?.state;
  const invitations = entries.filter((entry) => stateOf(entry) === "invited");
  const shown = entries.filter((entry) => stateOf(entry) !== "invited" && stateOf(entry) !== "declined");
  if (entries.length === 0 && !world.listed.value) return html`<${Skeleton} />`;
  if (shown.length + invitations.length === 0) return html`<${Nothing} />`;
  /** @param {Event} event */
  const scrolled = ({ currentTarget }) => {
    const { scrollHeight, scrollTop, clientHeight } = /** @type {HTMLElement} */ (currentTarget);
    if (most < shown.length && scrollHeight - scrollTop < 3 * clientHeight) allow(most + STEP);
  };
  return html`<div class="list-scroll" onKeyDown=${moveFocus} onScroll=${scrolled}>
    ${
      invitations.length > 0 &&
      html`<h2 class="list-heading">${t("list.invitations")}</h2>
        <ul class="list">
          ${invitations.map((entry) => html`<${Invitation} key=${entry.conversation.id} entry=${entry} />`)}
        </ul>`
    }
    <ul class="list">
      ${shown.slice(0, most).map(
        (entry) =>
          html`<${Row}
            key=${entry.conversation.id}
            entry=${entry}
            me=${me}
            current=${route.value === entry.conversation.id}
            draft=${world.drafts.value.get(entry.conversation.id) ?? ""}
            muted=${chat.muted.has(entry.conversation.id, now.value)}
            typing=${(world.typing.value.get(entry.conversation.id)?.size ?? 0) > 0}
            now=${now.value}
          />`,
      )}
    </ul>
  </div>`;
}

/** @type {any} */
const Row = memo(
  (
    /** @type {{ entry: Entry, me: string, current: boolean, draft: string, muted: boolean, typing: boolean, now: number }} */ props,
  ) => {
    const { entry, me, current, draft, typing } = props;
    const { conversation, unread, preview } = entry;
    const open = (/** @type {MouseEvent} */ event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      go(conversation.id);
    };
    return html`<li>
    <a class="row" href="/c/${conversation.id}" aria-current=${current ? "page" : undefined} onClick=${open}>
      <${ConversationAvatar} conversation=${conversation} />
      <span class="row-text">
        <span class="row-top">
          <span class="row-title" dir="auto">${titleOf(conversation, me)}</span>
          <time class="row-time" datetime=${new Date(entry.active_at).toISOString()} title=${fullTime(entry.active_at)}>
            ${shortTime(entry.active_at, props.now)}
          </time>
        </span>
        <span class="row-bottom">
          <span class="row-preview" dir="auto">
            ${
              typing
                ? html`<span class="row-typing">${t("typing.direct")}…</span>`
                : draft && !current
                  ? html`<span class="row-draft">${t("list.draft")}</span> ${cut(draft, PREVIEW)}`
                  : html`${preview?.sender === me && preview.kind === "text" && html`<${Ticks} state=${stateOfPreview(entry)} />`}
                      ${previewText(entry, me)}`
            }
          </span>
          ${
            props.muted &&
            html`<span class="row-muted" title=${t("list.muted")}>
              <${Icon} name="mute" /><span class="visually-hidden">${t("list.muted")}</span>
            </span>`
          }
          ${
            unread > 0 &&
            html`<span class=${props.muted ? "count is-quiet" : "count"}>
              <span aria-hidden="true">${unread > 999 ? "999+" : unread}</span>
              <span class="visually-hidden">${t("list.unread", { count: unread })}</span>
            </span>`
          }
        </span>
      </span>
    </a>
  </li>`;
  },
);

/** @param {Entry} entry */
function stateOfPreview({ preview, others_read, others_delivered, conversation }) {
  const seq = preview?.seq ?? 0;
  if (conversation.kind === "group") return "sent";
  return seq <= others_read ? "read" : seq <= others_delivered ? "delivered" : "sent";
}

/** @param {Entry} entry @param {string} me */
function previewText(entry, me) {
  const { conversation, preview } = entry;
  if (!preview) return t("conversation.empty.title");
  if (preview.redacted_at) return t("message.removed");
  if (preview.kind === "event") return eventText(entry, preview, me);
  const text = cut(plain(cut(preview.text, PREVIEW * 2)), PREVIEW);
  if (conversation.kind === "direct") return text;
  return preview.sender === me ? t("list.you", { text }) : `${nameOf(personIn(entry, preview.sender))}: ${text}`;
}

/** @param {{ entry: Entry }} props */
function Invitation({ entry }) {
  const { conversation } = entry;
  const { me } = useChat().world;
  return html`<li class="invitation">
    <${ConversationAvatar} conversation=${conversation} />
    <div class="row-text">
      <span class="row-title" dir="auto">${conversation.title}</span>
      <span class="row-preview">${invitedBy(entry, me.id)}</span>
      <${Answers} id=${conversation.id} />
    </div>
  </li>`;
}

function Nothing() {
  const { username } = useChat().world.me;
  return html`<div class="empty">
    <span class="empty-art" aria-hidden="true"><i></i><i></i></span>
    <h2>${t("list.empty.title")}</h2>
    <p>${t("list.empty.text", { username })}</p>
    <button class="button button-primary" onClick=${() => (dialog.value = "new")}>${t("app.newChat")}</button>
  </div>`;
}

function Skeleton() {
  const { connection } = useChat().world;
  return html`<div class="skeletons" role="status" aria-busy=${connection.value.state !== "waiting"}>
    <span class="visually-hidden">${t("list.loading")}</span>
    ${[0, 1, 2, 3, 4, 5].map((at) => html`<div class="skeleton-row" key=${at}><i></i><span><b></b><b></b></span></div>`)}
  </div>`;
}

/** Up and down go through the list. @param {KeyboardEvent} event */
function moveFocus(event) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const list = /** @type {HTMLElement} */ (event.currentTarget);
  const rows = [.../** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll("a.row, .invitation button"))];
  const at = rows.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  rows[Math.min(Math.max(at + (event.key === "ArrowDown" ? 1 : -1), 0), rows.length - 1)]?.focus();
  event.preventDefault();
}
