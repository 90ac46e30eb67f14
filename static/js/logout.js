/** Forgets what this browser holds when somebody logs out, on any page with a log-out form. */

import { forget } from "./push/browser.js";
import { dropShell } from "./shell.js";

/** @returns {Promise<void>} */
async function forgetEverything() {
  await Promise.allSettled([forget(), dropShell()]);
  const databases = (await indexedDB.databases?.()) ?? [];
  const ours = databases.filter(({ name }) => name?.startsWith("chatsite-"));
  await Promise.all(ours.map(({ name }) => drop(/** @type {string} */ (name))));
}

/** @param {string} name @returns {Promise<void>} */
function drop(name) {
  return new Promise((resolve) => {
    const request = indexedDB.deleteDatabase(name);
    // Another tab may hold it open; it drops its own copy when its socket is closed.
    request.onsuccess = request.onerror = request.onblocked = () => resolve();
  });
}

document.addEventListener("submit", async (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (new URL(form.action, location.href).pathname !== "/accounts/logout/" || form.dataset.forgot) return;
  event.preventDefault();
  form.dataset.forgot = "1";
  await forgetEverything().catch(() => {});
  form.submit();
});
