/**
 * Pushes in this browser: whether it can, may and does take them.
 *
 * @typedef {import("../net/api.js").Api} Api
 * @typedef {import("../types.js").Push} Push
 * @typedef {"unsupported" | "denied" | "off" | "on"} State
 */

import { WORKER } from "../shell.js";

/** Can this browser take pushes at all? On an iPhone only when it was put on the home screen. */
export function supported() {
  return "serviceWorker" in navigator && "PushManager" in window && "Notification" in window && isSecureContext;
}

/** @param {Push} push What the server says. @returns {Promise<State>} */
export async function stateOf(push) {
  if (!supported() || push.vapid_key === null) return "unsupported";
  if (Notification.permission === "denied") return "denied";
  const mine = await subscription();
  return mine && push.subscription?.gateway === "web" && Notification.permission === "granted" ? "on" : "off";
}

/** Asks for permission, so call it from a click. @param {Api} api @param {Push} push @returns {Promise<State>} */
export async function turnOn(api, push) {
  if (!supported() || push.vapid_key === null) return "unsupported";
  const permission = await Notification.requestPermission();
  if (permission !== "granted") return permission === "denied" ? "denied" : "off";
  await subscribe(api, push.vapid_key);
  return "on";
}

/** @param {Api} api */
export async function turnOff(api) {
  await api.unsubscribe();
  await (await subscription())?.unsubscribe();
}

/**
 * At every start: where pushes are on, the server knows the address that holds now, made for the key it has now.
 *
 * @param {Api} api @param {Push} push
 */
export async function keepUp(api, push) {
  if (!supported() || push.vapid_key === null || Notification.permission !== "granted") return;
  const mine = await subscription();
  if (mine) await subscribe(api, push.vapid_key);
}

/** @param {Api} api @param {string} key */
async function subscribe(api, key) {
  await navigator.serviceWorker.register(WORKER);
  const registration = await navigator.serviceWorker.ready;
  const wanted = octets(key);
  const before = await registration.pushManager.getSubscription();
  const holds = before && same(before.options.applicationServerKey, wanted);
  if (before && !holds) await before.unsubscribe();
  const made = holds
    ? before
    : await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: wanted });
  const { endpoint, keys } = made.toJSON();
  await api.subscribe({ gateway: "web", endpoint: endpoint ?? "", keys: /** @type {any} */ (keys), vapid_key: key });
}

async function subscription() {
  const registration = await navigator.serviceWorker.getRegistration("/");
  return (await registration?.pushManager.getSubscription()) ?? null;
}

/** @param {string} text base64url @returns {Uint8Array<ArrayBuffer>} */
export function octets(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (sign) => sign.charCodeAt(0));
}

/** @param {ArrayBuffer | null} one @param {Uint8Array} other */
export function same(one, other) {
  if (one === null) return false;
  const mine = new Uint8Array(one);
  return mine.length === other.length && mine.every((octet, index) => octet === other[index]);
}

/** When somebody logs out: nothing is pushed here any more, and nothing stays on the screen. */
export async function forget() {
  if (!supported()) return;
  const registration = await navigator.serviceWorker.getRegistration("/");
  for (const shown of (await registration?.getNotifications()) ?? []) shown.close();
  await (await subscription())?.unsubscribe();
  await /** @type {any} */ (navigator).clearAppBadge?.();
}
