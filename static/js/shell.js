/** Whether the page opens without a network: the service worker keeps it (worker/shell.js) until somebody logs out. */

export const WORKER = "/sw.js";
const SHELL = "chatsite-shell";

/** Not over plain HTTP from another machine: browsers allow no service worker there. */
export async function keepShell() {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register(WORKER);
  const { active } = await navigator.serviceWorker.ready;
  const files = performance.getEntriesByType("resource").map(({ name }) => name);
  active?.postMessage({ type: "shell", files: files.filter((name) => name.startsWith(`${location.origin}/static/`)) });
}

export async function dropShell() {
  if ("caches" in globalThis) await caches.delete(SHELL);
}
