/** The page of notification settings: turns them on and off in this browser, and tries them. */

import { setLocale, t } from "./i18n/words.js";
import { Api } from "./net/api.js";
import { stateOf, turnOff, turnOn } from "./push/browser.js";
import { explain } from "./ui/explain.js";

setLocale(document.documentElement.lang);
const here = /** @type {HTMLElement} */ (document.getElementById("this-browser"));
const words = /** @type {HTMLElement} */ (here.querySelector("[data-words]"));
const zone = /** @type {HTMLInputElement | null} */ (document.querySelector("[name=time_zone]"));
const api = new Api({ csrf, onSignedOut: () => location.reload(), language: document.documentElement.lang });

// Quiet hours are of the place where somebody is; who never said so is where the browser is.
if (zone && !zone.closest("[data-zone-is-chosen]")) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;

const commands = {
  on: async () => {
    await turnOn(api, await api.push());
    await show();
  },
  off: async () => {
    await turnOff(api);
    await show();
  },
  try: async () => {
    const { outcome, reason } = await api.tryPush();
    words.textContent = outcome === "sent" ? t("push.tried.sent") : t("push.tried.failed", { reason });
  },
};
for (const [name, command] of Object.entries(commands)) button(name).addEventListener("click", () => tried(command));
await tried(show);

/** Says what went wrong. @param {() => Promise<void>} command */
async function tried(command) {
  try {
    await command();
  } catch (problem) {
    words.textContent = explain(problem);
  }
}

async function show() {
  const push = await api.push();
  const state = await stateOf(push);
  words.textContent = push.vapid_key === null ? t("push.here.none") : t(`push.here.${state}`);
  button("on").hidden = state !== "off";
  button("off").hidden = button("try").hidden = state !== "on";
}

/** @param {string} name @returns {HTMLButtonElement} */
function button(name) {
  return /** @type {HTMLButtonElement} */ (here.querySelector(`[data-command=${name}]`));
}

function csrf() {
  return /** @type {HTMLInputElement} */ (document.querySelector("[name=csrfmiddlewaretoken]")).value;
}
