/** What only this screen knows: which conversation the address names, whether the panel is open, the time, a passing notice. */

import { effect, signal } from "../../vendor/signals.js";

/** The conversation of the address; null on the list. */
export const route = signal(read());
export const panelOpen = signal(false);
export const dialog = signal(/** @type {"new" | null} */ (null));
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

/** @param {string | null} id */
export function go(id) {
  if (id === route.peek()) return;
  history.pushState(null, "", id === null ? "/" : `/c/${id}`);
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
