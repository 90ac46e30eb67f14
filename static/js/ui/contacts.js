/**
 * The people one has to do with: requests first, then contacts with their presence, then who was asked, then who is blocked.
 *
 * @typedef {import("../types.js").User} User
 * @typedef {import("../types.js").Contact} Contact
 */

import { useState } from "../../vendor/preact-hooks.js";
import { t } from "../i18n/words.js";
import { PersonAvatar } from "./avatar.js";
import { Dialog } from "./dialog.js";
import { explain } from "./explain.js";
import { html, useChat } from "./html.js";
import { Icon } from "./icons.js";
import { nameOf, presenceText } from "./names.js";
import { Relation, RequestAnswers, useRelation } from "./relation.js";
import { dialog, go, notice, now } from "./screen.js";

export function ContactList() {
  const { contacts } = useChat();
  const [chosen, choose] = useState(/** @type {User | null} */ (null));
  const { value: state } = contacts.state;
  const [received, mutual, sent] = [contacts.received.value, contacts.mutual.value, contacts.sent.value];
  const blocked = [...contacts.blocked.value.values()];
  if (state !== "ready") return html`<${Waiting} failed=${state === "failed"} onRetry=${() => contacts.refresh()} />`;
  const empty = received.length + mutual.length + sent.length === 0;
  return html`<div class="list-scroll">
    <button class="button wide add-contact" type="button" onClick=${() => (dialog.value = "contact")}>
      <${Icon} name="addPerson" />${t("contacts.new")}
    </button>
    ${received.length > 0 && html`<${Part} title=${t("contacts.received")}>${received.map((one) => html`<${Request} key=${one.user.id} user=${one.user} />`)}</${Part}>`}
    ${empty && html`<${Nothing} />`}
    ${mutual.length > 0 && html`<${Part} title=${t("contacts.mutual")} count=${mutual.length}>${mutual.map((one) => html`<${Row} key=${one.user.id} user=${one.user} onMore=${() => choose(one.user)} />`)}</${Part}>`}
    ${sent.length > 0 && html`<${Part} title=${t("contacts.sent")}>${sent.map((one) => html`<${Asked} key=${one.user.id} user=${one.user} />`)}</${Part}>`}
    ${
      blocked.length > 0 &&
      html`<details class="blocked">
        <summary class="list-heading">${t("contacts.blockedPeople")} <span class="muted">${blocked.length}</span></summary>
        <ul class="list">${blocked.map((user) => html`<${BlockedRow} key=${user.id} user=${user} />`)}</ul>
      </details>`
    }
    ${
      chosen &&
      html`<${Dialog} title=${nameOf(chosen)} onClose=${() => choose(null)}>
        <${Relation} user=${chosen} sheet=${true} onDone=${() => choose(null)} />
      </${Dialog}>`
    }
  </div>`;
}

/** @param {{ title: string, count?: number, children?: any }} props */
function Part({ title, count, children }) {
  return html`<section>
    <h2 class="list-heading">${title} ${count !== undefined && html`<span class="muted">${count}</span>`}</h2>
    <ul class="list">${children}</ul>
  </section>`;
}

/** Opens the conversation with somebody. @param {import("../store/chat.js").Chat} chat @param {User} user */
async function write(chat, user) {
  try {
    const direct = await chat.api.startDirect(user.username);
    chat.learn(direct);
    go(direct.id);
  } catch (problem) {
    notice.value = explain(problem, "user");
  }
}

/** @param {{ user: User, subtitle?: any }} props */
function Who({ user, subtitle }) {
  return html`<${PersonAvatar} user=${user} dot=${true} />
    <span class="row-text">
      <span class="row-title" dir="auto">${nameOf(user)}</span>
      <span class="row-preview">${subtitle || `@${user.username}`}</span>
    </span>`;
}

/** @param {{ user: User, onMore: () => void }} props */
function Row({ user, onMore }) {
  const chat = useChat();
  const told = chat.world.presence.value.get(user.id);
  const subtitle = presenceText(told, now.value);
  const name = nameOf(user);
  return html`<li class="contact">
    <button class="row" type="button" onClick=${() => write(chat, user)} title=${t("contacts.write", { name })}>
      <${Who} user=${user} subtitle=${subtitle && html`<span class=${told?.online ? "is-online" : ""}>${subtitle}</span>`} />
    </button>
    <button class="icon-button" type="button" onClick=${onMore} title=${t("panel.manage", { name })}>
      <${Icon} name="more" /><span class="visually-hidden">${t("panel.manage", { name })}</span>
    </button>
  </li>`;
}

/** @param {{ user: User }} props */
function Request({ user }) {
  return html`<li class="invitation">
    <${PersonAvatar} user=${user} />
    <div class="row-text">
      <span class="row-title" dir="auto">${nameOf(user)}</span>
      <span class="row-preview">@${user.username}</span>
      <${RequestAnswers} user=${user} />
    </div>
  </li>`;
}

/** @param {{ user: User }} props */
function Asked({ user }) {
  const { api } = useChat();
  const run = useRelation();
  return html`<li class="contact contact-still">
    <${Who} user=${user} />
    <button class="button button-small" type="button" onClick=${() => run(() => api.removeContact(user.id), t("contacts.tookBack"))}>
      ${t("contacts.takeBack.short")}<span class="visually-hidden"> (${nameOf(user)})</span>
    </button>
  </li>`;
}

/** @param {{ user: User }} props */
function BlockedRow({ user }) {
  const { api } = useChat();
  const run = useRelation();
  const name = nameOf(user);
  return html`<li class="contact contact-still">
    <${Who} user=${user} />
    <button class="button button-small" type="button" onClick=${() => run(() => api.block(user.id, false), t("contacts.unblocked", { name }))}>
      ${t("contacts.unblock")}<span class="visually-hidden"> (${name})</span>
    </button>
  </li>`;
}

function Nothing() {
  return html`<div class="empty">
    <span class="empty-art" aria-hidden="true"><i></i><i></i></span>
    <h2>${t("contacts.empty.title")}</h2>
    <p>${t("contacts.empty.text")}</p>
  </div>`;
}

/** @param {{ failed: boolean, onRetry: () => void }} props */
function Waiting({ failed, onRetry }) {
  if (failed) {
    return html`<div class="empty">
      <p>${t("contacts.failed")}</p>
      <button class="button" type="button" onClick=${onRetry}>${t("app.retry")}</button>
    </div>`;
  }
  return html`<div class="skeletons" role="status" aria-busy="true">
    <span class="visually-hidden">${t("contacts.loading")}</span>
    ${[0, 1, 2, 3].map((at) => html`<div class="skeleton-row" key=${at}><i></i><span><b></b><b></b></span></div>`)}
  </div>`;
}
