/** What only this screen knows: which conversation the address names, which list is beside it, the time, a passing notice. */

import { effect, signal } from "../../vendor/signals.js";

/** A touch screen: no pointer hovers, and Enter has no Shift beside it. */
export const touch = matchMedia("(hover: none) and (pointer: coarse)");
/** The conversation of the address; null on the list. */
export const route = signal(read());
/** Which list is beside it. */
export const side = signal(
  /** @type {"chats" | "contacts"} */ (location.pathname === "/contacts" ? "contacts" : "chats"),
);
/** The code of the invite link that was followed, until it is answered. */
export const invite = signal(/^\/invite\/([^/]+)\/?$/.exec(location.pathname)?.[1] ?? null);
export const panelOpen = signal(false);
export const dialog = signal(/** @type {"new" | "contact" | "jump" | "keys" | null} */ (null));
/** Moves every half minute, for "5 minutes ago". */
export const now = signal(Date.now());
/** A notice that goes away by itself. */
export const notice = signal("");

function read() {
  return /^\/c\/(\d+)\/?$/.exec(location.pathname)?.[1] ?? null;
}

/** Is the focus nowhere, or in a part of the page that goes away? @param {Element | null | undefined} part */
export function focusLost(part) {
  const active = document.activeElement;
  return active === null || active === document.body || part?.contains(active) === true;
}

export function focusComposer() {
  /** @type {HTMLElement | null} */ (document.querySelector(".composer textarea"))?.focus();
}

function home() {
  return side.peek() === "contacts" ? "/contacts" : "/";
}

/** @param {"chats" | "contacts"} which */
export function turnTo(which) {
  side.value = which;
  if (route.peek() === null) history.replaceState(null, "", home());
}

/** The link was answered: it does not ask again. */
export function closeInvite() {
  invite.value = null;
  history.replaceState(null, "", home());
}

/** @param {string | null} id */
export function go(id) {
  if (id === route.peek()) return;
  history.pushState(null, "", id === null ? home() : `/c/${id}`);
  route.value = id;
  panelOpen.value = false;
}

/** Follows the browser's own back and forward, and the clock. */
export function watchScreen() {
  addEventListener("popstate", () => {
    route.value = read();
    panelOpen.value = false;
  });
  setInterval(() => {
    now.value = Date.now();
  }, 30_000);
  effect(() => {
    if (notice.value) setTimeout(() => (notice.value = ""), 6000);
  });
}
