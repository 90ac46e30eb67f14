/**
 * Beside a conversation: who it is with, and for groups everything that can be changed about them.
 *
 * @typedef {import("../types.js").Entry} Entry
 * @typedef {import("../types.js").Conversation} Conversation
 */

import { useEffect, useRef, useState } from "../../vendor/preact-hooks.js";
import { date, t } from "../i18n/words.js";
import { isPresent, newcomers, partner, placeOf } from "../store/entries.js";
import { ConversationAvatar } from "./avatar.js";
import { Dialog, Field, Question } from "./dialog.js";
import { explain, usernames } from "./explain.js";
import { html, useChat } from "./html.js";
import { Icon } from "./icons.js";
import { Members } from "./members.js";
import { presenceText, titleOf } from "./names.js";
import { ContactPicker } from "./picker.js";
import { ConversationPushes } from "./pushing.js";
import { Relation } from "./relation.js";
import { focusLost, notice, now, panelOpen } from "./screen.js";

/** @param {{ id: string }} props */
export function Panel({ id }) {
  const { world } = useChat();
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  useFocusHere(heading);
  const entry = world.entries.value.get(id);
  if (!entry) return null;
  const { conversation } = entry;
  const me = placeOf(conversation, world.me.id);
  const joined = me?.state === "joined";
  const manages = joined && me.role !== "member";
  const group = conversation.kind === "group";
  return html`<section class="panel" aria-labelledby="panel-title">
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
      ${!group && joined && html`<${Relation} user=${partner(conversation, world.me.id)} />`}
      ${joined && html`<${ConversationPushes} id=${conversation.id} />`}
      ${group && html`<${Members} conversation=${conversation} />`}
      ${group && manages && html`<${Invite} key=${conversation.id} conversation=${conversation} />`}
      ${group && joined && html`<${Leave} conversation=${conversation} />`}
    </div>
  </section>`;
}

/** Takes the focus while the panel is open, and gives it back to where it came from. @param {{ current: HTMLElement | null }} heading */
function useFocusHere(heading) {
  useEffect(() => {
    const from = /** @type {HTMLElement | null} */ (document.activeElement);
    const panel = heading.current?.closest(".panel");
    heading.current?.focus();
    return () => {
      // Whoever has gone elsewhere meanwhile stays there.
      if (!focusLost(panel)) return;
      const back = from?.isConnected && from !== document.body ? from : document.querySelector(".conversation-who");
      /** @type {HTMLElement | null} */ (back)?.focus();
    };
  }, []);
}

/** @param {Conversation} conversation @param {import("../store/world.js").World} world */
function facts(conversation, world) {
  if (conversation.kind === "group") return t("panel.created", { date: date(conversation.created_at) });
  const other = partner(conversation, world.me.id);
  const presence = presenceText(world.presence.value.get(other?.id ?? ""), now.value);
  return presence ? `@${other?.username} · ${presence}` : `@${other?.username}`;
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
  const close = () => {
    setTitle(null);
    setError("");
  };
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!title.trim()) return setError(t("error.empty"));
    try {
      if (title.trim() !== conversation.title) chat.learn(await chat.api.rename(conversation.id, title.trim()));
      close();
    } catch (problem) {
      setError(explain(problem));
    }
  };
  return html`<form class="stack wide" onSubmit=${save}>
    <${Field} label=${t("panel.name")} name="title" value=${title} error=${error} onInput=${setTitle} autofocus=${true} maxlength=${100} />
    <div class="form-actions">
      <button class="button button-primary button-small">${t("panel.save")}</button>
      <button class="button button-small" type="button" onClick=${close}>${t("app.cancel")}</button>
    </div>
  </form>`;
}

/** @param {{ conversation: Conversation }} props */
function Invite({ conversation }) {
  const chat = useChat();
  const [people, setPeople] = useState("");
  const [chosen, choose] = useState(/** @type {ReadonlySet<string>} */ (new Set()));
  const [error, setError] = useState("");
  const isHere = (/** @type {import("../types.js").User} */ { id }) => isPresent(conversation, id);
  const send = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const names = [...new Set([...chosen, ...usernames(people)])];
    if (names.length === 0) return setError(t("error.empty.username"));
    try {
      const changed = await chat.api.invite(conversation.id, names);
      chat.learn(changed);
      const { invited, added } = newcomers(conversation, changed);
      const told = [
        added > 0 && t("panel.addDone", { count: added }),
        invited > 0 && t("panel.inviteDone", { count: invited }),
      ];
      notice.value = told.filter(Boolean).join(" · ") || t("panel.inviteNone");
      setPeople("");
      choose(new Set());
      setError("");
    } catch (problem) {
      setError(explain(problem, "user"));
    }
  };
  return html`<form class="panel-section stack" onSubmit=${send}>
    <h3>${t("panel.invite")}</h3>
    <${ContactPicker} chosen=${chosen} onChoose=${choose} but=${isHere} />
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
        <${Question} text=${t("panel.leave.text")} action=${t("panel.leave")} onYes=${leave} onNo=${() => ask(false)} />
      </${Dialog}>`
    }
  </div>`;
}
