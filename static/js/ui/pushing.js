/**
 * Pushes on the screen: the offer to turn them on, and what is pushed of one conversation.
 *
 * @typedef {import("../types.js").ConversationPush} ConversationPush
 */

import { useEffect, useState } from "../../vendor/preact-hooks.js";
import { clock, t } from "../i18n/words.js";
import { supported, turnOn } from "../push/browser.js";
import { explain } from "./explain.js";
import { html, useChat } from "./html.js";
import { notice, now } from "./screen.js";

const DECLINED = "chatsite-push-declined";
const HOUR_MS = 3_600_000;
const HOURS = [1, 8, 24];
const LEVELS = /** @type {const} */ (["all", "mentions", "none"]);

/** Offered to somebody who has just written: now they wait for an answer. */
export function PushOffer() {
  const chat = useChat();
  const [answered, answer] = useState(() => !supported() || remembered());
  if (answered || !chat.spoke.value || Notification.permission !== "default") return null;
  const yes = async () => {
    answer(true);
    try {
      const state = await turnOn(chat.api, await chat.api.push());
      notice.value = t(state === "on" ? "push.isOn" : "push.isOff");
    } catch (problem) {
      notice.value = explain(problem);
    }
  };
  const no = () => {
    answer(true);
    remember();
  };
  return html`<section class="offer" aria-label=${t("push.offer.title")}>
    <p>${t("push.offer")}</p>
    <span class="form-actions">
      <button class="button button-primary button-small" type="button" onClick=${yes}>${t("push.turnOn")}</button>
      <button class="button button-small" type="button" onClick=${no}>${t("push.notNow")}</button>
    </span>
  </section>`;
}

function remembered() {
  try {
    return localStorage.getItem(DECLINED) !== null;
  } catch {
    return true; // without storage it would ask at every visit
  }
}

function remember() {
  try {
    localStorage.setItem(DECLINED, String(Date.now()));
  } catch {
    // it is asked again at the next visit
  }
}

/** In the panel of a conversation. @param {{ id: string }} props */
export function ConversationPushes({ id }) {
  const chat = useChat();
  const [wish, setWish] = useState(/** @type {ConversationPush | null} */ (null));
  const [failed, fail] = useState("");
  const load = () => {
    fail("");
    chat.api.conversationPush(id).then(setWish, (problem) => fail(explain(problem)));
  };
  useEffect(load, [id]);
  const change = async (/** @type {Partial<ConversationPush>} */ part) => {
    if (!wish) return;
    const before = wish;
    setWish({ ...wish, ...part });
    try {
      const chosen = await chat.api.choosePush(id, { ...wish, ...part });
      chat.muted.set(id, chosen);
      setWish(chosen);
    } catch (problem) {
      setWish(before);
      notice.value = explain(problem);
    }
  };
  return html`<section class="panel-section stack" aria-labelledby="pushes-title">
    <h3 id="pushes-title">${t("push.title")}</h3>
    ${!wish && !failed && html`<p class="muted" role="status">${t("push.loading")}</p>`}
    ${failed && html`<p class="muted">${failed} <button class="button button-small" type="button" onClick=${load}>${t("app.retry")}</button></p>`}
    ${wish && html`<${Levels} wish=${wish} change=${change} /><${Muting} wish=${wish} change=${change} />`}
  </section>`;
}

/** @param {{ wish: ConversationPush, change: (part: Partial<ConversationPush>) => void }} props */
function Levels({ wish, change }) {
  const choose = (/** @type {Event} */ event) =>
    change({ level: /** @type {any} */ (/** @type {HTMLSelectElement} */ (event.currentTarget).value) });
  return html`<div class="field">
    <label for="push-level">${t("push.level")}</label>
    <select id="push-level" class="field-input" name="level" onChange=${choose}>
      ${LEVELS.map(
        (level) => html`<option value=${level} selected=${wish.level === level}>${t(`push.level.${level}`)}</option>`,
      )}
    </select>
  </div>`;
}

/** @param {{ wish: ConversationPush, change: (part: Partial<ConversationPush>) => void }} props */
function Muting({ wish, change }) {
  if (wish.level !== "all") return null;
  const until = wish.muted_until ?? 0;
  if (until > now.value) {
    return html`<p>
      ${t("push.mutedUntil", { time: clock(until) })}
      <button class="button button-small" type="button" onClick=${() => change({ muted_until: null })}>${t("push.unmute")}</button>
    </p>`;
  }
  return html`<div class="form-actions" role="group" aria-label=${t("push.mute")}>
    ${HOURS.map(
      (count) =>
        html`<button class="button button-small" type="button" onClick=${() => change({ muted_until: Date.now() + count * HOUR_MS })}>
          ${t("push.muteHours", { count })}
        </button>`,
    )}
  </div>`;
}
