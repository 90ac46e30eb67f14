/**
 * What can be done with one message: a menu beside it, and the sheet that says how far it has come.
 *
 * @typedef {import("../types.js").Message} Message
 * @typedef {import("../types.js").Entry} Entry
 */

import { useEffect, useLayoutEffect, useRef } from "../../vendor/preact-hooks.js";
import { signal } from "../../vendor/signals.js";
import { fullTime, t } from "../i18n/words.js";
import { personIn, placeOf } from "../store/entries.js";
import { PersonAvatar } from "./avatar.js";
import { Dialog } from "./dialog.js";
import { html, useChat } from "./html.js";
import { Icon } from "./icons.js";
import { nameOf } from "./names.js";
import { reach } from "./progress.js";
import { focusComposer, notice } from "./screen.js";

/** The message whose menu is open, and the line it belongs to. */
const opened = signal(/** @type {{ message: Message, line: HTMLElement } | null} */ (null));
/** The message whose sheet is open. */
const sheet = signal(/** @type {Message | null} */ (null));
const GAP = 4;

/** @param {Message} message @param {Element} inside Something of its line. */
export function openMenu(message, inside) {
  const line = /** @type {HTMLElement | null} */ (inside.closest("[data-key]"));
  if (line) opened.value = { message, line };
}

/** @param {{ entry: Entry }} props */
export function MessageMenu({ entry }) {
  const chat = useChat();
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const open = opened.value;
  useLayoutEffect(() => {
    if (open && box.current) show(box.current, open.line);
  }, [open]);
  useEffect(() => {
    const after = () => {
      opened.value = null;
      sheet.value = null;
    };
    return after;
  }, []);
  const { id } = entry.conversation;
  const close = () => box.current?.hidePopover();
  const toggled = (/** @type {ToggleEvent} */ event) => {
    if (event.newState !== "closed") return;
    if (box.current?.contains(document.activeElement)) open?.line.focus({ preventScroll: true });
    opened.value = null;
  };
  const reply = (/** @type {Message} */ message) => {
    chat.world.setReply(id, message);
    close();
    focusComposer();
  };
  const copy = async (/** @type {Message} */ message) => {
    close();
    notice.value = t((await toClipboard(message.text)) ? "message.copied" : "message.copyFailed");
  };
  const inform = (/** @type {Message} */ message) => {
    close();
    sheet.value = message;
  };
  const writes = placeOf(entry.conversation, chat.world.me.id)?.state === "joined";
  const item = (/** @type {any} */ icon, /** @type {string} */ words, /** @type {() => void} */ act) =>
    html`<button type="button" onClick=${act}><${Icon} name=${icon} />${words}</button>`;
  return html`<div class="menu message-menu" popover ref=${box} aria-label=${t("message.menu")} onToggle=${toggled} onKeyDown=${moveInMenu}>
      ${open?.message.seq ? writes && !open.message.redacted_at && item("reply", t("message.reply"), () => reply(open.message)) : null}
      ${open && !open.message.redacted_at && item("copy", t("message.copy"), () => copy(open.message))}
      ${open?.message.seq ? item("info", t("message.info"), () => inform(open.message)) : null}
    </div>
    ${sheet.value && html`<${Sheet} entry=${entry} message=${sheet.value} />`}`;
}

/** Beside its message, and inside the window. @param {HTMLElement} menu @param {HTMLElement} line */
function show(menu, line) {
  menu.showPopover();
  const bubble = (line.querySelector(".bubble") ?? line).getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const below = bubble.bottom + GAP + height < innerHeight;
  const top = below
    ? bubble.bottom + GAP
    : Math.max(GAP, Math.min(bubble.top - GAP - height, innerHeight - height - GAP));
  const left = line.classList.contains("mine") ? bubble.right - width : bubble.left;
  menu.style.top = `${Math.max(GAP, top)}px`;
  menu.style.left = `${Math.max(GAP, Math.min(left, innerWidth - width - GAP))}px`;
  menu.querySelector("button")?.focus({ preventScroll: true });
}

/** @param {KeyboardEvent} event */
function moveInMenu(event) {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (step === 0) return;
  const menu = /** @type {HTMLElement} */ (event.currentTarget);
  const buttons = [...menu.querySelectorAll("button")];
  const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
  buttons[(at + step + buttons.length) % buttons.length]?.focus();
  event.preventDefault();
}

/** @param {string} text */
async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // not over plain HTTP, or not allowed
  }
}

/** @param {{ entry: Entry, message: Message }} props */
function Sheet({ entry, message }) {
  const { world } = useChat();
  const { conversation } = entry;
  const author = personIn(entry, message.sender);
  const { read, delivered, waiting } = reach(entry, world.marks.value.get(conversation.id), message);
  const tells = message.sender === world.me.id || conversation.kind === "group";
  const part = (
    /** @type {"read" | "delivered" | "waiting"} */ what,
    /** @type {import("../types.js").User[]} */ users,
  ) =>
    users.length > 0 &&
    html`<h3>${t(`info.${what}`)}</h3>
      <ul class="people" data-what=${what}>
        ${users.map(
          (user) =>
            html`<li key=${user.id}><${PersonAvatar} user=${user} size="small" /><span dir="auto">${nameOf(user)}</span></li>`,
        )}
      </ul>`;
  return html`<${Dialog} title=${t("info.title")} onClose=${() => (sheet.value = null)}>
    <dl class="facts">
      <dt>${t("info.from")}</dt>
      <dd dir="auto">${message.sender === world.me.id ? t("event.you") : nameOf(author)}</dd>
      <dt>${t("info.sent")}</dt>
      <dd><time datetime=${new Date(message.sent_at).toISOString()}>${fullTime(message.sent_at)}</time></dd>
      ${
        message.edited_at &&
        html`<dt>${t("info.edited")}</dt><dd><time datetime=${new Date(message.edited_at).toISOString()}>${fullTime(message.edited_at)}</time></dd>`
      }
    </dl>
    ${tells && part("read", read)}${tells && part("delivered", delivered)}${tells && part("waiting", waiting)}
  </${Dialog}>`;
}
