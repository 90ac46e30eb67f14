/**
 * Beside a conversation: who it is with, and for groups everything that can be changed about them.
 *
 * @typedef {import("../types.js").Entry} Entry
 * @typedef {import("../types.js").Conversation} Conversation
 */

import { useEffect, useRef, useState } from "../../vendor/preact-hooks.js";
import { ago, date, t } from "../i18n/words.js";
import { partner, placeOf } from "../store/entries.js";
import { ConversationAvatar } from "./avatar.js";
import { Dialog, Field } from "./dialog.js";
import { explain, usernames } from "./explain.js";
import { html, useChat } from "./html.js";
import { Icon } from "./icons.js";
import { Members } from "./members.js";
import { titleOf } from "./names.js";
import { notice, now, panelOpen } from "./screen.js";

/** @param {{ id: string }} props */
export function Panel({ id }) {
  const { world } = useChat();
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => heading.current?.focus(), [id]);
  const entry = world.entries.value.get(id);
  if (!entry) return null;
  const { conversation } = entry;
  const me = placeOf(conversation, world.me.id);
  const joined = me?.state === "joined";
  const manages = joined && me.role !== "member";
  const group = conversation.kind === "group";
  return html`<aside class="panel" aria-labelledby="panel-title">
    <header class="panel-header">
      <h2 id="panel-title" tabindex="-1" ref=${heading}>${t("panel.title")}</h2>
      <button class="icon-button" type="button" onClick=${() => (panelOpen.value = false)} title=${t("panel.close")}>
        <${Icon} name="close" /><span class="visually-hidden">${t("panel.close")}</span>
      </button>
    </header>
    <div class="panel-scroll">
      <div class="panel-card">
        <${ConversationAvatar} conversation=${conversation} size="huge" />
        ${group && manages ? html`<${Rename} key=${conversation.id} conversation=${conversation} />` : html`<p class="panel-name" dir="auto">${titleOf(conversation, world.me.id)}</p>`}
        <p class="panel-facts">${facts(conversation, world)}</p>
      </div>
      ${group && html`<${Members} conversation=${conversation} />`}
      ${group && manages && html`<${Invite} key=${conversation.id} conversation=${conversation} />`}
      ${group && joined && html`<${Leave} conversation=${conversation} />`}
    </div>
  </aside>`;
}

/** @param {Conversation} conversation @param {import("../store/world.js").World} world */
function facts(conversation, world) {
  if (conversation.kind === "group") return t("panel.created", { date: date(conversation.created_at) });
  const other = partner(conversation, world.me.id);
  const told = world.presence.value.get(other?.id ?? "");
  if (told?.online) return `@${other?.username} · ${t("conversation.online")}`;
  if (!told?.last_active_at) return `@${other?.username}`;
  return `@${other?.username} · ${t("conversation.lastSeen", { time: ago(told.last_active_at, now.value) })}`;
}

/** @param {{ conversation: Conversation }} props */
function Rename({ conversation }) {
  const chat = useChat();
  const [title, setTitle] = useState(/** @type {string | null} */ (null));
  const [error, setError] = useState("");
  if (title === null) {
    return html`<p class="panel-name" dir="auto">
      ${conversation.title}
      <button class="icon-button small" type="button" onClick=${() => setTitle(conversation.title)} title=${t("panel.rename")}>
        <${Icon} name="edit" /><span class="visually-hidden">${t("panel.rename")}</span>
      </button>
    </p>`;
  }
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!title.trim()) return setError(t("error.empty"));
    try {
      if (title.trim() !== conversation.title) chat.learn(await chat.api.rename(conversation.id, title.trim()));
      setTitle(null);
      setError("");
    } catch (problem) {
      setError(explain(problem));
    }
  };
  return html`<form class="stack wide" onSubmit=${save}>
    <${Field} label=${t("panel.name")} name="title" value=${title} error=${error} onInput=${setTitle} autofocus=${true} maxlength=${100} />
    <div class="form-actions">
      <button class="button button-primary button-small">${t("panel.save")}</button>
      <button class="button button-small" type="button" onClick=${() => setTitle(null)}>${t("app.cancel")}</button>
    </div>
  </form>`;
}

/** @param {{ conversation: Conversation }} props */
function Invite({ conversation }) {
  const chat = useChat();
  const [people, setPeople] = useState("");
  const [error, setError] = useState("");
  const send = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const names = usernames(people);
    if (names.length === 0) return setError(t("error.empty"));
    try {
      chat.learn(await chat.api.invite(conversation.id, names));
      notice.value = t("panel.inviteDone", { count: names.length });
      setPeople("");
      setError("");
    } catch (problem) {
      setError(explain(problem, "user"));
    }
  };
  return html`<form class="panel-section stack" onSubmit=${send}>
    <h3>${t("panel.invite")}</h3>
    <${Field} label=${t("panel.inviteLabel")} name="invite" hint=${t("panel.inviteHint")} value=${people} error=${error} onInput=${setPeople} />
    <div class="form-actions"><button class="button button-small">${t("panel.inviteSend")}</button></div>
  </form>`;
}

/** @param {{ conversation: Conversation }} props */
function Leave({ conversation }) {
  const chat = useChat();
  const [asking, ask] = useState(false);
  const leave = async () => {
    ask(false);
    try {
      chat.learn(await chat.api.answer(conversation.id, "leave"));
    } catch (problem) {
      notice.value = explain(problem);
    }
  };
  return html`<div class="panel-section">
    <button class="button button-danger button-small" type="button" onClick=${() => ask(true)}>${t("panel.leave")}</button>
    ${
      asking &&
      html`<${Dialog} title=${t("panel.leave.ask", { title: conversation.title })} onClose=${() => ask(false)}>
        <p>${t("panel.leave.text")}</p>
        <div class="form-actions">
          <button class="button button-danger" type="button" onClick=${leave}>${t("panel.leave")}</button>
          <button class="button" type="button" onClick=${() => ask(false)}>${t("app.cancel")}</button>
        </div>
      </${Dialog}>`
    }
  </div>`;
}
