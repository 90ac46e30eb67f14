/** How far a message of ours has come: on its way, stored, on a device, seen. */

import { t } from "../i18n/words.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";

/** @typedef {"pending" | "sent" | "delivered" | "read" | "failed"} TickState */

const ICONS = /** @type {const} */ ({
  pending: "clock",
  sent: "check",
  delivered: "checks",
  read: "checks",
  failed: "alert",
});

/** @param {{ state: TickState, detail?: string }} props */
export function Ticks({ state, detail = "" }) {
  const words = detail || t(`message.${state}`);
  return html`<span class="ticks ticks-${state}" title=${words}>
    <${Icon} name=${ICONS[state]} /><span class="visually-hidden">${words}</span>
  </span>`;
}
