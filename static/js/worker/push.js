/**
 * The service worker's part for pushes: shows them, takes them away when they were read elsewhere, opens what is clicked.
 *
 * What a push says is made by the server, in the reader's language (notifications/protocol.py). The page itself shows nothing it can see.
 *
 * @typedef {{ type: "message" | "read" | "test", badge: number, conversation?: string, seq?: number, title?: string, body?: string }} Given
 */

/** @type {any} */
const worker = self;

worker.addEventListener("push", (/** @type {any} */ event) => {
  /** @type {Given | undefined} */
  const given = event.data?.json();
  if (given) event.waitUntil(take(given));
});

worker.addEventListener("notificationclick", (/** @type {any} */ event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.conversation));
});

worker.addEventListener("pushsubscriptionchange", (/** @type {any} */ event) => {
  event.waitUntil(subscribeAnew(event.oldSubscription));
});

/** @param {Given} given */
async function take(given) {
  await showBadge(given.badge);
  if (given.type === "read") return takeBack(given);
  if (given.type === "message" && (await isLookedAt())) return;
  await worker.registration.showNotification(given.title ?? "Chatsite", {
    body: given.body ?? "",
    tag: tagOf(given.conversation),
    renotify: true,
    data: { conversation: given.conversation, seq: given.seq },
    icon: "/static/icons/icon-192.png",
    badge: "/static/icons/favicon.png",
    lang: worker.navigator?.language,
  });
}

/** @param {string | undefined} conversation */
function tagOf(conversation) {
  return conversation ? `c${conversation}` : "test";
}

/** Up to a seq it was read elsewhere. @param {Given} given */
async function takeBack(given) {
  const shown = await worker.registration.getNotifications({ tag: tagOf(given.conversation) });
  for (const one of shown) if ((one.data?.seq ?? 0) <= (given.seq ?? 0)) one.close();
}

/** @param {number | undefined} count */
async function showBadge(count) {
  const { navigator } = worker;
  if (!navigator.setAppBadge) return;
  await (count ? navigator.setAppBadge(count) : navigator.clearAppBadge()).catch(() => {});
}

/** Does somebody look at a page of ours? Then it shows what comes by itself. */
async function isLookedAt() {
  const pages = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  return pages.some((/** @type {any} */ page) => page.visibilityState === "visible" && page.focused);
}

/** In a page that is open already, else in a new one. @param {string | undefined} conversation */
async function open(conversation) {
  const pages = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const address = conversation ? `/c/${conversation}` : "/accounts/notifications/";
  const isChat = (/** @type {any} */ { url }) => /^\/(c\/|contacts|$)/.test(new URL(url).pathname);
  const page = conversation ? pages.find(isChat) : undefined;
  if (!page) return worker.clients.openWindow(address);
  page.postMessage({ type: "open", conversation });
  return page.focus();
}

/** The push service has changed the address. Without a cookie we may read, the page does it at the next visit. @param {any} old */
async function subscribeAnew(old) {
  const key = old?.options?.applicationServerKey;
  const cookie = await worker.cookieStore?.get("csrftoken");
  if (!key || !cookie) return;
  const made = await worker.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { endpoint, keys } = made.toJSON();
  const vapid_key = btoa(String.fromCharCode(...new Uint8Array(key)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
  await fetch("/api/v1/push/subscription", {
    method: "PUT",
    headers: { "Content-Type": "application/json", "X-CSRFToken": cookie.value },
    body: JSON.stringify({ gateway: "web", endpoint, keys, vapid_key }),
    credentials: "same-origin",
  });
}
