/** The page: the list, the conversation, the panel, and what lies over them. */

import { useEffect, useRef, useState } from "../../vendor/preact-hooks.js";
import { t } from "../i18n/words.js";
import { personIn } from "../store/entries.js";
import { plain } from "../text/markup.js";
import { cut } from "../text/points.js";
import { AddContact } from "./add-contact.js";
import { PersonAvatar } from "./avatar.js";
import { ContactList } from "./contacts.js";
import { ConversationPane } from "./conversation.js";
import { ChatContext, html, useChat } from "./html.js";
import { Icon } from "./icons.js";
import { Invite } from "./invite.js";
import { Jump } from "./jump.js";
import { Keys, shortcuts } from "./keys.js";
import { List } from "./list.js";
import { nameOf, titleOf } from "./names.js";
import { NewDialog } from "./new.js";
import { Panel } from "./panel.js";
import { PushOffer } from "./pushing.js";
import { dialog, focusLost, invite, notice, panelOpen, route, side, turnTo } from "./screen.js";

const BAR_AFTER_MS = 1500;

/** @param {{ chat: import("../store/chat.js").Chat, csrf: () => string, onLogOut: (form: HTMLFormElement) => void }} props */
export function App({ chat, csrf, onLogOut }) {
  const id = route.value;
  useEffect(() => {
    if (id === null) chat.reader.close();
    else void chat.reader.show(id);
  }, [id]);
  useEffect(() => {
    document.addEventListener("keydown", shortcuts);
    return () => document.removeEventListener("keydown", shortcuts);
  }, []);
  useFocusOnRow(id);
  return html`<${ChatContext.Provider} value=${chat}>
    <main class=${`app ${id === null ? "on-list" : "on-conversation"} ${panelOpen.value && id !== null ? "with-panel" : ""}`}>
      <a class="skip-link" href="#conversation">${t("app.skip")}</a>
      <${Bar} />
      <nav class="sidebar" aria-label=${t("app.conversations")}>
        <${Head} csrf=${csrf} onLogOut=${onLogOut} />
        <${Sides} />
        <${PushOffer} />
        ${side.value === "contacts" ? html`<${ContactList} />` : html`<${List} />`}
      </nav>
      <div class="pane" id="conversation" tabindex="-1">
        ${id === null ? html`<${Welcome} />` : html`<${ConversationPane} id=${id} />`}
      </div>
      ${id !== null && panelOpen.value && html`<${Panel} key=${id} id=${id} />`}
      ${dialog.value === "new" && html`<${NewDialog} />`}
      ${dialog.value === "contact" && html`<${AddContact} />`}
      ${dialog.value === "jump" && html`<${Jump} />`}
      ${dialog.value === "keys" && html`<${Keys} />`}
      ${invite.value !== null && html`<${Invite} code=${invite.value} />`}
      <div class="notice" role="status">${notice.value && html`<p>${notice.value}</p>`}</div>
      <${Announcer} />
    </main>
  </${ChatContext.Provider}>`;
}

/** Back on the list the focus is on the row of the conversation that was open. @param {string | null} id */
function useFocusOnRow(id) {
  const last = useRef(id);
  useEffect(() => {
    const before = last.current;
    last.current = id;
    if (id !== null || before === null || !focusLost(document.querySelector(".pane"))) return;
    /** @type {HTMLElement | null} */ (document.querySelector(`.row[href="/c/${before}"]`))?.focus();
  }, [id]);
}

/** Which list: conversations or contacts. */
function Sides() {
  const { contacts } = useChat();
  const waiting = contacts.received.value.length;
  const tab = (/** @type {"chats" | "contacts"} */ name, /** @type {any} */ count) =>
    html`<button class="tab" type="button" aria-pressed=${side.value === name} onClick=${() => turnTo(name)}>
      ${t(`side.${name}`)}${count}
    </button>`;
  const badge =
    waiting > 0 &&
    html`<span class="count">
      <span aria-hidden="true">${waiting}</span>
      <span class="visually-hidden">${t("contacts.waiting", { count: waiting })}</span>
    </span>`;
  return html`<div class="tabs sides" role="group" aria-label=${t("side.which")}>${tab("chats", null)}${tab("contacts", badge)}</div>`;
}

/** @param {{ csrf: () => string, onLogOut: (form: HTMLFormElement) => void }} props */
function Head({ csrf, onLogOut }) {
  const { me } = useChat().world;
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    onLogOut(/** @type {HTMLFormElement} */ (event.currentTarget));
  };
  const showKeys = () => {
    document.getElementById("me-menu")?.hidePopover();
    dialog.value = "keys";
  };
  const fill = (/** @type {Event} */ event) => {
    const field = /** @type {HTMLElement} */ (event.currentTarget).querySelector("input");
    if (field) field.value = csrf();
  };
  return html`<header class="sidebar-header">
    <button class="me" type="button" popovertarget="me-menu" title=${t("app.account")}>
      <${PersonAvatar} user=${me} size="medium" /><span class="visually-hidden">${t("app.account")}</span>
    </button>
    <h1>${t("app.name")}</h1>
    <button class="icon-button" type="button" onClick=${() => (dialog.value = "jump")} title=${t("app.jump")}>
      <${Icon} name="search" /><span class="visually-hidden">${t("app.jump")}</span>
    </button>
    <button class="icon-button accent" type="button" onClick=${() => (dialog.value = "new")} title=${t("app.newChat")}>
      <${Icon} name="compose" /><span class="visually-hidden">${t("app.newChat")}</span>
    </button>
    <div class="menu" id="me-menu" popover onToggle=${fill}>
      <p class="menu-who"><b dir="auto">${nameOf(me)}</b><span>@${me.username}</span></p>
      <a href="/accounts/settings/">${t("app.settings")}</a>
      <a href="/accounts/privacy/">${t("app.privacy")}</a>
      <a href="/accounts/devices/">${t("app.devices")}</a>
      <button class="only-keys" type="button" onClick=${showKeys}>${t("app.keys")}</button>
      <form method="post" action="/accounts/logout/" onSubmit=${submit}>
        <input type="hidden" name="csrfmiddlewaretoken" />
        <button type="submit">${t("app.logOut")}</button>
      </form>
    </div>
  </header>`;
}

/** The state of the connection, said only when it stays away for a moment. */
function Bar() {
  const { world } = useChat();
  const { state, code } = world.connection.value;
  const [late, setLate] = useState(false);
  const away = state !== "online";
  useEffect(() => {
    if (!away) return setLate(false);
    const timer = setTimeout(() => setLate(true), BAR_AFTER_MS);
    return () => clearTimeout(timer);
  }, [away]);
  return html`<div class="bar ${away && late ? "shown" : ""} is-${state}" role="status">
    ${away && late && html`<p>${barText(state, code)}</p>`}
    ${state === "stopped" && html`<button class="button button-small" onClick=${() => location.reload()}>${t("bar.reload")}</button>`}
  </div>`;
}

/** @param {string} state @param {number} [code] */
function barText(state, code) {
  if (state === "stopped") return t("bar.stopped", { code: String(code ?? "") });
  if (!navigator.onLine) return t("bar.offline");
  return state === "connecting" ? t("bar.connecting") : t("bar.waiting");
}

function Welcome() {
  const { world } = useChat();
  return html`<div class="pane-empty">
    <span class="empty-art" aria-hidden="true"><i></i><i></i></span>
    <h2>${t("conversation.pick.title", { name: nameOf(world.me) })}</h2>
    <p>${t("conversation.pick.text")}</p>
    <button class="button button-primary" onClick=${() => (dialog.value = "new")}>${t("app.newChat")}</button>
  </div>`;
}

/** Says new messages aloud for screen readers, and counts them in the title. */
function Announcer() {
  const { world, arrival } = useChat();
  const unread = world.unread.value;
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) ${t("app.name")}` : t("app.name");
  }, [unread]);
  const news = arrival.value;
  const entry = news && world.entries.value.get(news.id);
  if (!news || !entry || news.message.kind !== "text")
    return html`<div class="visually-hidden" aria-live="polite"></div>`;
  const who = nameOf(personIn(entry, news.message.sender));
  const where = entry.conversation.kind === "group" ? `${titleOf(entry.conversation, world.me.id)}, ` : "";
  return html`<div class="visually-hidden" aria-live="polite">${where}${who}: ${cut(plain(cut(news.message.text, 400)), 200)}</div>`;
}
