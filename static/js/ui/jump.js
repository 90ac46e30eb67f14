/** Ctrl+K: to any conversation, or to a contact there is none with yet, by a few letters of their name. */

import { useRef, useState } from "../../vendor/preact-hooks.js";
import { t } from "../i18n/words.js";
import { partner, placeOf } from "../store/entries.js";
import { ConversationAvatar, PersonAvatar } from "./avatar.js";
import { Dialog } from "./dialog.js";
import { explain } from "./explain.js";
import { html, useChat } from "./html.js";
import { nameOf, titleOf } from "./names.js";
import { dialog, focusComposer, go, notice } from "./screen.js";

const MOST = 8;

/**
 * @typedef {import("../types.js").Entry} Entry
 * @typedef {import("../types.js").User} User
 * @typedef {{ key: string, title: string, under: string, entry?: Entry, user?: User }} Place
 */

export function Jump() {
  const chat = useChat();
  const [wanted, want] = useState("");
  const [at, move] = useState(0);
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const places = find(chat, wanted);
  const chosen = Math.min(at, places.length - 1);

  const close = () => (dialog.value = null);
  const open = async (/** @type {Place | undefined} */ place) => {
    if (!place) return;
    close();
    try {
      const id = place.entry?.conversation.id ?? (await begin(place));
      if (id) go(id);
      requestAnimationFrame(focusComposer);
    } catch (problem) {
      notice.value = explain(problem);
    }
  };
  const begin = async (/** @type {Place} */ { user }) =>
    user && chat.learn(await chat.api.startDirect(user.username))?.id;
  const keyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (event.key === "Enter") void open(places[chosen]);
    else if (step !== 0 && places.length > 0) {
      const next = (chosen + step + places.length) % places.length;
      move(next);
      list.current?.children[next]?.scrollIntoView({ block: "nearest" });
    } else return;
    event.preventDefault();
  };
  const input = (/** @type {InputEvent} */ event) => {
    want(/** @type {HTMLInputElement} */ (event.currentTarget).value);
    move(0);
  };
  return html`<${Dialog} title=${t("jump.title")} onClose=${close}>
    <div class="jump">
      <input
        class="field-input"
        type="text"
        role="combobox"
        aria-label=${t("jump.label")}
        placeholder=${t("jump.label")}
        aria-expanded="true"
        aria-controls="jump-list"
        aria-autocomplete="list"
        aria-activedescendant=${chosen >= 0 ? `jump-${chosen}` : undefined}
        autocomplete="off"
        autofocus
        dir="auto"
        value=${wanted}
        onInput=${input}
        onKeyDown=${keyDown}
      />
      <ul class="jump-list" id="jump-list" role="listbox" aria-label=${t("jump.results")} ref=${list}>
        ${places.map(
          (place, index) => html`<li
            key=${place.key}
            id="jump-${index}"
            role="option"
            aria-selected=${index === chosen}
            onClick=${() => open(place)}
          >
            ${place.entry ? html`<${ConversationAvatar} conversation=${place.entry.conversation} />` : html`<${PersonAvatar} user=${place.user} size="medium" />`}
            <span class="jump-names"><b dir="auto">${place.title}</b> <span>${place.under}</span></span>
          </li>`,
        )}
      </ul>
      ${places.length === 0 && html`<p class="muted" role="status">${t("jump.none")}</p>`}
    </div>
  </${Dialog}>`;
}

/** Conversations first, as the list has them; without letters the newest. @param {import("../store/chat.js").Chat} chat @param {string} wanted @returns {Place[]} */
function find({ world, contacts }, wanted) {
  const me = world.me.id;
  /** @type {Place[]} */
  const places = world.list.value
    .filter(({ conversation }) => placeOf(conversation, me)?.state !== "declined")
    .map((entry) => {
      const { conversation } = entry;
      const other = partner(conversation, me);
      const under = conversation.kind === "direct" && other ? `@${other.username}` : "";
      return { key: conversation.id, title: titleOf(conversation, me), under, entry };
    });
  const known = new Set(places.map(({ under }) => under));
  for (const { user } of contacts.mutual.value) {
    const under = `@${user.username}`;
    if (!known.has(under)) places.push({ key: `user-${user.id}`, title: nameOf(user), under, user });
  }
  const letters = fold(wanted);
  return places.filter(({ title, under }) => fold(`${title} ${under}`).includes(letters)).slice(0, MOST);
}

/** Without accents and case. @param {string} text */
function fold(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase().trim();
}
