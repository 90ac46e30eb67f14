/** A person's or group's mark: initials on their colour, with a dot when online. */

import { t } from "../i18n/words.js";
import { partner } from "../store/entries.js";
import { html, useChat } from "./html.js";
import { Icon } from "./icons.js";
import { hueOf, initials, nameOf } from "./names.js";

/** @param {{ user: import("../types.js").User | undefined, dot?: boolean, size?: string }} props */
export function PersonAvatar({ user, dot = false, size = "" }) {
  const chat = useChat();
  const online = dot && user !== undefined && chat.world.presence.value.get(user.id)?.online;
  return html`<span class="avatar ${size} hue-${hueOf(user?.id ?? "")}">
    <span aria-hidden="true">${initials(nameOf(user))}</span>
    ${online && html`<span class="dot"><span class="visually-hidden">${t("list.online")}</span></span>`}
  </span>`;
}

/** @param {{ conversation: import("../types.js").Conversation, size?: string }} props */
export function ConversationAvatar({ conversation, size = "" }) {
  const chat = useChat();
  if (conversation.kind === "direct") {
    return html`<${PersonAvatar} user=${partner(conversation, chat.world.me.id)} dot=${true} size=${size} />`;
  }
  const text = initials(conversation.title);
  return html`<span class="avatar avatar-group ${size} hue-${hueOf(conversation.id)}">
    <span aria-hidden="true">${text === "?" ? html`<${Icon} name="people" />` : text}</span>
  </span>`;
}
