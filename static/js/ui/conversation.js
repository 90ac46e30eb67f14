/**
 * The open conversation: who it is with, what was said, and where to answer.
 *
 * @typedef {import("../types.js").Entry} Entry
 */

import { t } from "../i18n/words.js";
import { partner, personIn, placeOf } from "../store/entries.js";
import { ConversationAvatar } from "./avatar.js";
import { Composer } from "./composer.js";
import { html, useChat } from "./html.js";
import { Icon } from "./icons.js";
import { Answers, invitedBy } from "./invitation.js";
import { nameOf, presenceText, titleOf } from "./names.js";
import { Blocked } from "./relation.js";
import { go, now, panelOpen } from "./screen.js";
import { Timeline } from "./timeline.js";

/** @param {{ id: string }} props */
export function ConversationPane({ id }) {
  const chat = useChat();
  const { world, reader } = chat;
  const entry = world.entries.value.get(id);
  const open = reader.open.value;
  if (!entry) return html`<${Missing} loading=${open?.id === id && open.loading} />`;
  const title = titleOf(entry.conversation, world.me.id);
  const state = placeOf(entry.conversation, world.me.id)?.state;
  const other = partner(entry.conversation, world.me.id);
  const blocked = other !== undefined && chat.contacts.standing(other.id) === "blocked";
  return html`<section class="conversation" aria-label=${title}>
    <${Header} entry=${entry} title=${title} />
    ${
      open?.id === id
        ? html`<${Timeline} key=${id} entry=${entry} open=${open} title=${title} />`
        : html`<div class="timeline-frame"></div>`
    }
    <${Typing} entry=${entry} />
    ${
      state !== "joined"
        ? html`<${Closed} entry=${entry} state=${state} />`
        : blocked
          ? html`<${Blocked} user=${other} />`
          : html`<${Composer} key=${id} id=${id} title=${title} />`
    }
  </section>`;
}

/** In the place of the composer, for whoever cannot write. @param {{ entry: Entry, state: string | undefined }} props */
function Closed({ entry, state }) {
  const { me } = useChat().world;
  if (state !== "invited") return html`<p class="composer-closed">${closedText(state)}</p>`;
  return html`<div class="composer-closed">
    <p>${invitedBy(entry, me.id)}</p>
    <${Answers} id=${entry.conversation.id} />
  </div>`;
}

/** @param {string | undefined} state */
function closedText(state) {
  if (state === "left") return t("conversation.left");
  return state === "declined" ? t("conversation.declined") : t("conversation.removed");
}

/** @param {{ entry: Entry, title: string }} props */
function Header({ entry, title }) {
  const open = panelOpen.value;
  return html`<header class="conversation-header">
    <button class="icon-button only-narrow" type="button" onClick=${() => go(null)} title=${t("app.back")}>
      <${Icon} name="back" /><span class="visually-hidden">${t("app.back")}</span>
    </button>
    <h1>
      <button class="conversation-who" type="button" aria-expanded=${open} onClick=${() => (panelOpen.value = !open)}>
        <${ConversationAvatar} conversation=${entry.conversation} />
        <span>
          <span class="conversation-title" dir="auto">${title}</span>
          <${Subtitle} entry=${entry} />
        </span>
        <span class="visually-hidden">${t("conversation.info")}</span>
      </button>
    </h1>
    <button class="icon-button" type="button" aria-expanded=${open} onClick=${() => (panelOpen.value = !open)} title=${t("conversation.info")}>
      <${Icon} name="info" /><span class="visually-hidden">${t("conversation.info")}</span>
    </button>
  </header>`;
}

/** @param {{ entry: Entry }} props */
function Subtitle({ entry }) {
  const { world } = useChat();
  const { conversation } = entry;
  const presence = world.presence.value;
  if (conversation.kind === "group") {
    const joined = conversation.members.filter(({ state }) => state === "joined");
    if (joined.length === 0) return html`<span class="conversation-subtitle"></span>`;
    const members = t("conversation.members", { count: joined.length });
    const others = joined.filter(({ user }) => user.id !== world.me.id && presence.get(user.id)?.online).length;
    const count = others + (placeOf(conversation, world.me.id)?.state === "joined" ? 1 : 0);
    return html`<span class="conversation-subtitle">
      ${others > 0 ? t("conversation.membersOnline", { members, count }) : members}
    </span>`;
  }
  const other = partner(conversation, world.me.id);
  const told = other?.id === world.me.id ? undefined : presence.get(other?.id ?? "");
  return html`<span class="conversation-subtitle ${told?.online ? "is-online" : ""}">
    ${presenceText(told, now.value) || `@${other?.username}`}
  </span>`;
}

/** @param {{ entry: Entry }} props */
function Typing({ entry }) {
  const { world } = useChat();
  const { conversation } = entry;
  const names = [...(world.typing.value.get(conversation.id)?.keys() ?? [])].map((id) => nameOf(personIn(entry, id)));
  const [a = "", b = ""] = names;
  const words =
    names.length === 1 ? t("typing.one", { a }) : names.length === 2 ? t("typing.two", { a, b }) : t("typing.many");
  return html`<div class="typing" aria-live="polite">
    ${names.length > 0 && html`<span class="typing-dots" aria-hidden="true"><i></i><i></i><i></i></span><span>${words}</span>`}
  </div>`;
}

/** @param {{ loading: boolean | undefined }} props */
function Missing({ loading }) {
  if (loading)
    return html`<div class="pane-empty" role="status" aria-busy="true">
      <h1 class="pane-loading">${t("conversation.loading")}</h1>
    </div>`;
  return html`<div class="pane-empty">
    <h1>${t("conversation.missing")}</h1>
    <p>${t("conversation.missing.text")}</p>
    <button class="button" onClick=${() => go(null)}>${t("app.back")}</button>
  </div>`;
}
