/** Choosing among one's contacts, beside typing usernames. */

import { t } from "../i18n/words.js";
import { PersonAvatar } from "./avatar.js";
import { html, useChat } from "./html.js";
import { nameOf } from "./names.js";

/** @param {{ chosen: ReadonlySet<string>, onChoose: (usernames: ReadonlySet<string>) => void, but?: (user: import("../types.js").User) => boolean }} props Usernames; `but` leaves people out */
export function ContactPicker({ chosen, onChoose, but = () => false }) {
  const people = useChat()
    .contacts.mutual.value.map(({ user }) => user)
    .filter((user) => !but(user));
  if (people.length === 0) return null;
  const toggle = (/** @type {string} */ username) => {
    const next = new Set(chosen);
    if (!next.delete(username)) next.add(username);
    onChoose(next);
  };
  return html`<fieldset class="picker">
    <legend>${t("contacts.mutual")}</legend>
    <ul>
      ${people.map(
        (user) => html`<li key=${user.id}>
          <label class="picker-person">
            <input type="checkbox" checked=${chosen.has(user.username)} onChange=${() => toggle(user.username)} />
            <${PersonAvatar} user=${user} size="small" />
            <span class="row-title" dir="auto">${nameOf(user)}</span>
          </label>
        </li>`,
      )}
    </ul>
  </fieldset>`;
}

/** The contacts as buttons: one of them is enough. @param {{ onPick: (username: string) => void }} props */
export function ContactButtons({ onPick }) {
  const people = useChat().contacts.mutual.value;
  if (people.length === 0) return null;
  return html`<section class="picker" aria-labelledby="picker-title">
    <h3 id="picker-title">${t("contacts.mutual")}</h3>
    <ul>
      ${people.map(
        ({ user }) => html`<li key=${user.id}>
          <button class="picker-person" type="button" onClick=${() => onPick(user.username)}>
            <${PersonAvatar} user=${user} dot=${true} size="small" />
            <span class="row-title" dir="auto">${nameOf(user)}</span>
          </button>
        </li>`,
      )}
    </ul>
  </section>`;
}
