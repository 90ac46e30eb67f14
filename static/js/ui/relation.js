/**
 * What one can do about somebody: become contacts, part, block.
 *
 * @typedef {import("../types.js").User} User
 */

import { useState } from "../../vendor/preact-hooks.js";
import { t } from "../i18n/words.js";
import { Dialog, Question } from "./dialog.js";
import { explain } from "./explain.js";
import { html, useChat } from "./html.js";
import { nameOf } from "./names.js";
import { notice } from "./screen.js";

/** Runs a command about contacts, shows what came of it, and says what went wrong. @returns {(command: () => Promise<unknown>, done?: string) => Promise<void>} */
export function useRelation() {
  const chat = useChat();
  return async (command, done = "") => {
    try {
      await command();
      await chat.contacts.refresh();
      if (done) notice.value = done;
    } catch (problem) {
      notice.value = explain(problem, "user");
    }
  };
}

/** The answers to a request. @param {{ user: User }} props */
export function RequestAnswers({ user }) {
  const { api } = useChat();
  const run = useRelation();
  const name = nameOf(user);
  const accept = () => run(() => api.answerRequest(user.id, "accept"), t("contacts.accepted", { name }));
  const decline = () => run(() => api.answerRequest(user.id, "decline"));
  return html`<span class="invitation-actions">
    <button class="button button-primary button-small" type="button" onClick=${accept}>${t("list.accept")}</button>
    <button class="button button-small" type="button" onClick=${decline}>${t("list.decline")}</button>
  </span>`;
}

/** The section of a panel or sheet. @param {{ user: User | undefined, onDone?: () => void, sheet?: boolean }} props */
export function Relation({ user, onDone = () => {}, sheet = false }) {
  const chat = useChat();
  const run = useRelation();
  const [question, ask] = useState(/** @type {"remove" | "block" | null} */ (null));
  if (!user || user.id === chat.world.me.id) return null;
  const { api } = chat;
  const name = nameOf(user);
  const standing = chat.contacts.standing(user.id);
  const act = (/** @type {() => Promise<unknown>} */ command, /** @type {string} */ done) => () => {
    ask(null);
    onDone();
    return run(command, done);
  };
  const add = act(() => api.askContact({ username: user.username }), t("contacts.asked", { name }));
  const takeBack = act(() => api.removeContact(user.id), t("contacts.tookBack"));
  const remove = act(() => api.removeContact(user.id), t("contacts.removed", { name }));
  const block = act(() => api.block(user.id, true), t("contacts.blocked", { name }));
  const unblock = act(() => api.block(user.id, false), t("contacts.unblocked", { name }));
  const small = sheet ? "" : "button-small";
  const button = (/** @type {string} */ words, /** @type {() => void} */ onClick, /** @type {string} */ look) =>
    html`<button class="button ${small} ${look}" type="button" onClick=${onClick}>${words}</button>`;
  const asked =
    question &&
    html`<${Question}
      text=${t(`contacts.${question}.text`)}
      action=${t(`contacts.${question}`)}
      onYes=${question === "block" ? block : remove}
      onNo=${() => ask(null)}
    />`;
  if (asked && sheet) return html`<div class="stack"><h3>${t(`contacts.${question}.ask`, { name })}</h3>${asked}</div>`;
  return html`<div class=${sheet ? "sheet" : "panel-section panel-actions"}>
    ${standing === "none" && button(t("contacts.add"), add, "")}
    ${standing === "sent" && button(t("contacts.takeBack"), takeBack, "")}
    ${standing === "received" && html`<p>${t("contacts.asksYou", { name })}</p><${RequestAnswers} user=${user} />`}
    ${standing === "contact" && button(t("contacts.remove"), () => ask("remove"), "")}
    ${standing === "blocked" ? button(t("contacts.unblock"), unblock, "") : button(t("contacts.block"), () => ask("block"), "button-danger")}
    ${asked && html`<${Dialog} title=${t(`contacts.${question}.ask`, { name })} onClose=${() => ask(null)}>${asked}</${Dialog}>`}
  </div>`;
}

/** In the place of the composer. @param {{ user: User }} props */
export function Blocked({ user }) {
  const { api } = useChat();
  const run = useRelation();
  const name = nameOf(user);
  return html`<div class="composer-closed">
    <p>${t("contacts.youBlocked", { name })}</p>
    <span class="invitation-actions">
      <button class="button button-small" type="button" onClick=${() => run(() => api.block(user.id, false), t("contacts.unblocked", { name }))}>
        ${t("contacts.unblock")}
      </button>
    </span>
  </div>`;
}
