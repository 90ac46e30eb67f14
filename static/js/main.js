/** Starts the client: reads what the page was given, opens the cache, connects, and shows the screen. */

import { h, render } from "../vendor/preact.js";
import { setLocale, tag } from "./i18n/words.js";
import { Alerts } from "./push/alerts.js";
import { forget } from "./push/browser.js";
import { dropShell, keepShell } from "./shell.js";
import { Cache } from "./store/cache.js";
import { Chat } from "./store/chat.js";
import { App } from "./ui/app.js";
import { go, watchScreen } from "./ui/screen.js";

/** @type {import("./types.js").Boot} */
const boot = JSON.parse(document.getElementById("boot")?.textContent ?? "{}");
setLocale(boot.locale || document.documentElement.lang);
document.documentElement.lang = tag();
if (boot.theme) document.documentElement.dataset.theme = boot.theme;

function csrf() {
  const cookie = document.cookie.split("; ").find((one) => one.startsWith("csrftoken="));
  return decodeURIComponent(cookie?.slice("csrftoken=".length) ?? "");
}

function toLogin() {
  location.assign(`/accounts/login/?next=${encodeURIComponent(location.pathname)}`);
}

const isLookedAt = () => document.visibilityState === "visible" && document.hasFocus();
const cache = await Cache.open(boot.user.id);
const chat = new Chat({
  boot,
  cache,
  csrf,
  isActive: isLookedAt,
  onSignedOut: async (how) => {
    // A login that ran out keeps what is not sent yet; one that was ended leaves nothing behind.
    if (how === "revoked") await leave();
    toLogin();
  },
});

/** Nothing of theirs stays in this browser. */
async function leave() {
  await Promise.allSettled([cache.wipe(), forget(), dropShell()]);
}

/** @param {HTMLFormElement} form */
async function logOut(form) {
  chat.link.stop();
  await leave();
  form.submit();
}

watchScreen();
await chat.start();
const root = /** @type {HTMLElement} */ (document.getElementById("app"));
root.replaceChildren();
render(h(App, { chat, csrf, onLogOut: logOut }), root);

void keepShell().catch((error) => console.warn("The page is not kept:", error));
new Alerts({ chat, isLookedAt }).start();
// A click on a notice, of which the service worker knows.
navigator.serviceWorker?.addEventListener("message", ({ data }) => {
  if (data?.type === "open") go(data.conversation);
});

const ticker = root.dataset.ticker;
const tick = () => chat.tick(Date.now());
if (ticker) new Worker(ticker).onmessage = tick;
else setInterval(tick, 1000);
for (const change of ["online", "offline"]) addEventListener(change, () => chat.link.nudge());
for (const change of ["focus", "blur"]) addEventListener(change, () => chat.link.tellUse());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") chat.link.nudge();
  else chat.link.tellUse();
});
