/** What somebody invited can say: yes or no. */

import { t } from "../i18n/words.js";
import { personIn, placeOf } from "../store/entries.js";
import { explain } from "./explain.js";
import { html, useChat } from "./html.js";
import { nameOf } from "./names.js";
import { go, notice, route } from "./screen.js";

/** Whose invitation it is, in words. @param {import("../types.js").Entry} entry @param {string} me */
export function invitedBy(entry, me) {
  const place = placeOf(entry.conversation, me);
  return t("list.invitedBy", { name: nameOf(personIn(entry, place?.invited_by ?? "")) });
}

/** @param {{ id: string }} props */
export function Answers({ id }) {
  const chat = useChat();
  const answer = async (/** @type {"join" | "decline"} */ what) => {
    try {
      chat.learn(await chat.api.answer(id, what));
      await chat.sync.fetchEntry(id);
      if (what === "decline") return;
      if (route.peek() === id) await chat.reader.refresh(id);
      else go(id);
    } catch (error) {
      notice.value = explain(error);
    }
  };
  return html`<span class="invitation-actions">
    <button class="button button-primary button-small" type="button" onClick=${() => answer("join")}>${t("list.accept")}</button>
    <button class="button button-small" type="button" onClick=${() => answer("decline")}>${t("list.decline")}</button>
  </span>`;
}
