/** Somebody's invite link was followed: who they are, and whether to ask them. */

import { useEffect, useState } from "../../vendor/preact-hooks.js";
import { t } from "../i18n/words.js";
import { PersonAvatar } from "./avatar.js";
import { Dialog } from "./dialog.js";
import { explain } from "./explain.js";
import { html, useChat } from "./html.js";
import { nameOf } from "./names.js";
import { closeInvite, notice, turnTo } from "./screen.js";

/** @param {{ code: string }} props */
export function Invite({ code }) {
  const chat = useChat();
  const [user, setUser] = useState(/** @type {import("../types.js").User | null} */ (null));
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    chat.api.inviter(code).then(setUser, (problem) => setError(explain(problem)));
  }, [code]);
  const ask = async () => {
    setBusy(true);
    try {
      const { id } = await chat.api.askContact({ invite: code });
      await chat.contacts.refresh();
      notice.value = t(chat.contacts.standing(id) === "contact" ? "contacts.accepted" : "contacts.asked", {
        name: nameOf(user ?? undefined),
      });
      turnTo("contacts");
      closeInvite();
    } catch (problem) {
      setError(explain(problem));
      setBusy(false);
    }
  };
  const mine = user?.id === chat.world.me.id;
  const standing = user ? chat.contacts.standing(user.id) : "none";
  const known = standing === "contact" || standing === "sent";
  return html`<${Dialog} title=${t("invite.title")} onClose=${closeInvite}>
    ${
      user &&
      html`<div class="panel-card">
        <${PersonAvatar} user=${user} size="huge" />
        <p class="panel-name" dir="auto">${nameOf(user)}</p>
        <p class="field-hint">@${user.username}</p>
      </div>`
    }
    ${!user && !error && html`<p role="status">${t("invite.loading")}</p>`}
    ${error && html`<p class="field-error" role="alert">${error}</p>`}
    ${mine && html`<p>${t("invite.yours")}</p>`}
    ${known && html`<p>${t(standing === "contact" ? "invite.known" : "invite.asked")}</p>`}
    <div class="form-actions">
      ${
        user &&
        !mine &&
        !known &&
        html`<button class="button button-primary" type="button" disabled=${busy} onClick=${ask}>${t("contacts.add")}</button>`
      }
      <button class="button" type="button" onClick=${closeInvite}>${t("app.close")}</button>
    </div>
  </${Dialog}>`;
}
