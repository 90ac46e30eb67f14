/** Starting a conversation: with one person, or a group. */

import { useRef, useState } from "../../vendor/preact-hooks.js";
import { t } from "../i18n/words.js";
import { Dialog, Field } from "./dialog.js";
import { explain, usernames } from "./explain.js";
import { html, useChat } from "./html.js";
import { Icon } from "./icons.js";
import { ContactButtons, ContactPicker } from "./picker.js";
import { dialog, go } from "./screen.js";

const TITLE_MAX = 100;

export function NewDialog() {
  const [kind, choose] = useState(/** @type {"direct" | "group"} */ ("direct"));
  const { me } = useChat().world;
  const tab = (/** @type {"direct" | "group"} */ name, /** @type {"person" | "people"} */ icon) =>
    html`<button class="tab" type="button" aria-pressed=${kind === name} onClick=${() => choose(name)}>
      <${Icon} name=${icon} />${t(`new.${name}`)}
    </button>`;
  return html`<${Dialog} title=${t("new.title")} onClose=${() => (dialog.value = null)}>
    <div class="tabs">${tab("direct", "person")}${tab("group", "people")}</div>
    ${kind === "direct" ? html`<${Direct} />` : html`<${Group} />`}
    <p class="dialog-note">${t("new.yours", { username: me.username })}</p>
  </${Dialog}>`;
}

/** Runs a form's command once, and says what went wrong. @param {(chat: import("../store/chat.js").Chat) => Promise<import("../types.js").Conversation>} command */
function useStart(command) {
  const chat = useChat();
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (/** @type {Event} */ event = new Event("submit")) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setError("");
    try {
      const conversation = await command(chat);
      chat.learn(conversation);
      dialog.value = null;
      go(conversation.id);
    } catch (problem) {
      setError(explain(problem, "user"));
      setBusy(false);
    }
  };
  return { error, setError, busy, submit };
}

function Direct() {
  const [username, setUsername] = useState("");
  const picked = useRef("");
  const { error, setError, busy, submit } = useStart((chat) =>
    chat.api.startDirect(picked.current || (usernames(username)[0] ?? "")),
  );
  const pick = (/** @type {string} */ one) => {
    picked.current = one;
    void submit();
  };
  const send = (/** @type {Event} */ event) => {
    picked.current = "";
    const { length } = usernames(username);
    if (length === 1) return submit(event);
    event.preventDefault();
    setError(t(length === 0 ? "error.empty.username" : "error.oneUsername"));
  };
  return html`<form class="stack" onSubmit=${send}>
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
    <button class="button button-primary" disabled=${busy}>${t("new.start")}</button>
    <${ContactButtons} onPick=${pick} />
  </form>`;
}

function Group() {
  const [title, setTitle] = useState("");
  const [people, setPeople] = useState("");
  const [chosen, choose] = useState(/** @type {ReadonlySet<string>} */ (new Set()));
  const { error, setError, busy, submit } = useStart((chat) =>
    chat.api.startGroup(title.trim(), [...new Set([...chosen, ...usernames(people)])]),
  );
  const send = (/** @type {Event} */ event) => {
    if (title.trim()) return submit(event);
    event.preventDefault();
    setError(t("error.empty"));
  };
  return html`<form class="stack" onSubmit=${send}>
    <${Field}
      label=${t("new.groupName")}
      name="title"
      error=${title.trim() ? "" : error}
      value=${title}
      onInput=${setTitle}
      autofocus=${true}
      maxlength=${TITLE_MAX}
    />
    <${ContactPicker} chosen=${chosen} onChoose=${choose} />
    <${Field}
      label=${t("new.groupPeople")}
      name="people"
      hint=${t("new.groupHint")}
      error=${title.trim() ? error : ""}
      value=${people}
      onInput=${setPeople}
    />
    <button class="button button-primary" disabled=${busy}>${t("new.create")}</button>
  </form>`;
}
