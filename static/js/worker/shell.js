/**
 * The service worker's part for the chat page itself: it opens without a network, and at once on a bad one.
 *
 * Kept is one page, which serves every address of the client, and the files it names. It is that of whoever was here last: logging out drops it
 * (shell.js), and so does coming to the login.
 */

/** @type {any} */
const worker = self;

const SHELL = "chatsite-shell";
const PAGE = "/";
const PATIENCE_MS = 4000;
const CHAT = /^\/(?:c\/\d+\/?|contacts\/?)?$/;
const ENTRANCE = /^\/accounts\/(?:login|signup)\//;
/** Files whose names change with what is in them. */
const LASTING = /^\/static\/.+\.[0-9a-f]{12}\.\w+$/;

worker.addEventListener("install", () => worker.skipWaiting());
worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== location.origin) return;
  if (mode !== "navigate") {
    if (LASTING.test(pathname)) event.respondWith(file(event));
  } else if (CHAT.test(pathname)) event.respondWith(page(event));
  else if (ENTRANCE.test(pathname)) event.respondWith(entrance(event.request));
});

worker.addEventListener("message", (/** @type {any} */ event) => {
  if (event.data?.type === "shell") event.waitUntil(keep(event.data.files));
});

/** From the network, if it answers soon and well; else what is kept. @param {any} event */
async function page(event) {
  const shell = await caches.open(SHELL);
  const fresh = fetch(event.request).then((response) => {
    if (response.ok && !response.redirected) event.waitUntil(shell.put(PAGE, response.clone()));
    return response;
  });
  event.waitUntil(fresh.catch(() => {}));
  const kept = await shell.match(PAGE);
  if (!kept) return fresh;
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  const response = await Promise.race([fresh, late]).catch(() => undefined);
  return response && response.status < 500 ? response : kept;
}

/** Who comes here is nobody yet, and may become somebody else. @param {Request} request */
async function entrance(request) {
  const response = await fetch(request);
  await (await caches.open(SHELL)).delete(PAGE);
  return response;
}

/** @param {any} event */
async function file(event) {
  const shell = await caches.open(SHELL);
  const kept = await shell.match(event.request);
  if (kept) return kept;
  const response = await fetch(event.request);
  if (response.ok) event.waitUntil(shell.put(event.request, response.clone()));
  return response;
}

/** Keeps the page and the files it has loaded, and drops those of earlier versions. @param {string[]} files */
async function keep(files) {
  const shell = await caches.open(SHELL);
  const wanted = new Set(files.filter((one) => LASTING.test(new URL(one).pathname)));
  for (const { url } of await shell.keys()) {
    if (LASTING.test(new URL(url).pathname) && !wanted.delete(url)) await shell.delete(url);
  }
  await shell.addAll([...wanted]);
  if (await shell.match(PAGE)) return;
  const response = await fetch(PAGE);
  if (response.ok && !response.redirected) await shell.put(PAGE, response);
}
