/** The keyboard: what the whole page listens to, and the sheet that lists it all. */

import { t } from "../i18n/words.js";
import { Dialog } from "./dialog.js";
import { html } from "./html.js";
import { dialog, go, panelOpen, route } from "./screen.js";

const MAC = /Mac|iPhone|iPad/.test(navigator.platform);
const COMMAND = MAC ? "⌘" : "Ctrl";
const OPTION = MAC ? "⌥" : "Alt";

/** @type {readonly [keyof typeof import("../i18n/en.js").en, ...string[][]][]} */
const SHEET = [
  ["keys.jump", [COMMAND, "K"]],
  ["keys.new", [OPTION, "N"]],
  ["keys.previous", [OPTION, "↑"]],
  ["keys.next", [OPTION, "↓"]],
  ["keys.send", ["Enter"]],
  ["keys.line", ["Shift", "Enter"]],
  ["keys.messages", ["↑"]],
  ["keys.walk", ["↑"], ["↓"]],
  ["keys.menu", ["Enter"]],
  ["keys.back", ["Esc"]],
  ["keys.this", [COMMAND, "/"], ["?"]],
];

/** The shortcuts of the whole page. @param {KeyboardEvent} event */
export function shortcuts(event) {
  if (event.defaultPrevented || event.isComposing || isCovered()) return;
  const command = (MAC ? event.metaKey : event.ctrlKey) && !event.altKey && !event.shiftKey;
  const option = event.altKey && !event.ctrlKey && !event.metaKey;
  if (command && event.code === "KeyK") dialog.value = "jump";
  else if (command && event.key === "/") dialog.value = "keys";
  else if (event.key === "?" && !isField(event.target)) dialog.value = "keys";
  else if (option && event.code === "KeyN") dialog.value = "new";
  else if (option && event.key === "ArrowUp") neighbour(-1);
  else if (option && event.key === "ArrowDown") neighbour(1);
  else if (event.key === "Escape") back();
  else return;
  event.preventDefault();
}

/** Does something lie over the page? It has keys of its own. */
function isCovered() {
  return dialog.peek() !== null || document.querySelector("dialog[open], :popover-open") !== null;
}

/** @param {EventTarget | null} target */
function isField(target) {
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
}

/** One step back. */
function back() {
  if (panelOpen.peek()) panelOpen.value = false;
  else if (route.peek() !== null) go(null);
}

/** The conversation above or below the open one. @param {number} by */
function neighbour(by) {
  const rows = [.../** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll(".sidebar a.row"))];
  const at = rows.findIndex((row) => row.getAttribute("aria-current") === "page");
  const next = rows[at < 0 ? 0 : at + by];
  const id = /\/c\/(\d+)/.exec(next?.getAttribute("href") ?? "")?.[1];
  if (id) go(id);
  next?.scrollIntoView({ block: "nearest" });
}

export function Keys() {
  const pressed = (/** @type {string[]} */ keys) =>
    keys.map((key, index) => html`${index > 0 && "+"}<kbd>${key}</kbd>`);
  return html`<${Dialog} title=${t("keys.title")} onClose=${() => (dialog.value = null)}>
    <dl class="keys">
      ${SHEET.map(
        ([what, ...ways]) => html`<div key=${what}>
          <dt>${t(what)}</dt>
          <dd>${ways.map((keys, index) => html`${index > 0 && html` <span>${t("keys.or")}</span> `}${pressed(keys)}`)}</dd>
        </div>`,
      )}
    </dl>
  </${Dialog}>`;
}
