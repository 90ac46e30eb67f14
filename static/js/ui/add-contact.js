/** Finding somebody by their username, and being found by one's own link. */

import { useEffect, useState } from "../../vendor/preact-hooks.js";
import { t } from "../i18n/words.js";
import { Dialog, Field } from "./dialog.js";
import { explain, usernames } from "./explain.js";
import { html, useChat } from "./html.js";
import { nameOf } from "./names.js";
import { dialog, notice, turnTo } from "./screen.js";

export function AddContact() {
  const chat = useChat();
  const [username, setUsername] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const send = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const names = usernames(username);
    const [wanted] = names;
    if (busy) return;
    if (wanted === undefined || names.length > 1)
      return setError(t(wanted ? "contacts.oneUsername" : "error.empty.username"));
    setBusy(true);
    try {
      const user = await chat.api.askContact({ username: wanted });
      await chat.contacts.refresh();
      const name = nameOf(user);
      notice.value = t(chat.contacts.standing(user.id) === "contact" ? "contacts.accepted" : "contacts.asked", {
        name,
      });
      dialog.value = null;
      turnTo("contacts");
    } catch (problem) {
      setError(explain(problem, "user"));
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${t("contacts.new")} onClose=${() => (dialog.value = null)}>
    <form class="stack" onSubmit=${send}>
      <${Field}
        label=${t("new.username")}
        name="username"
        hint=${t("new.usernameHint")}
        error=${error}
        value=${username}
        onInput=${setUsername}
        autofocus=${true}
        maxlength=${40}
      />
      <button class="button button-primary" disabled=${busy}>${t("contacts.ask")}</button>
    </form>
    <${OwnLink} />
  </${Dialog}>`;
}

/** One's own invite link: made when it is wanted, copied, renewed, withdrawn. */
function OwnLink() {
  const { api } = useChat();
  const [url, setUrl] = useState(/** @type {string | null | undefined} */ (undefined));
  const [said, say] = useState("");
  const run = async (/** @type {() => Promise<{ url: string | null } | null>} */ command, done = "") => {
    try {
      setUrl((await command())?.url ?? null);
      say(done);
    } catch (problem) {
      say(explain(problem));
    }
  };
  useEffect(() => void run(() => api.inviteLink()), []);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(url ?? "");
      say(t("link.copied"));
    } catch {
      say(t("link.copyYourself")); // without HTTPS browsers lend nobody their clipboard
    }
  };
  return html`<section class="own-link stack" aria-labelledby="own-link">
    <h3 id="own-link">${t("link.title")}</h3>
    <p class="field-hint">${t("link.text")}</p>
    ${
      url
        ? html`<input class="field-input" readonly value=${url} aria-label=${t("link.title")} onFocus=${selectAll} />
            <div class="form-actions">
              <button class="button button-small button-primary" type="button" onClick=${copy}>${t("link.copy")}</button>
              <button class="button button-small" type="button" onClick=${() => run(() => api.renewInviteLink(), t("link.renewed"))}>${t("link.renew")}</button>
              <button class="button button-small button-danger" type="button" onClick=${() => run(() => api.withdrawInviteLink(), t("link.withdrawn"))}>
                ${t("link.withdraw")}
              </button>
            </div>`
        : html`<div class="form-actions">
            <button class="button button-small" type="button" disabled=${url === undefined} onClick=${() => run(() => api.renewInviteLink())}>
              ${t("link.make")}
            </button>
          </div>`
    }
    <p class="field-hint" role="status">${said}</p>
  </section>`;
}

/** @param {FocusEvent} event */
function selectAll(event) {
  /** @type {HTMLInputElement} */ (event.currentTarget).select();
}
