/** Where a message is written. */

import { useEffect, useLayoutEffect, useRef } from "../../vendor/preact-hooks.js";
import { t } from "../i18n/words.js";
import { pointsLeft, tidy } from "../text/points.js";
import { html, useChat } from "./html.js";
import { Icon } from "./icons.js";
import { Replying } from "./quote.js";
import { touch } from "./screen.js";

/** @param {{ id: string, title: string }} props */
export function Composer({ id, title }) {
  const chat = useChat();
  const area = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const draft = chat.world.drafts.value.get(id) ?? "";
  const left = pointsLeft(draft);
  const replying = chat.world.replies.value.has(id);
  const sendable = draft.trim() !== "" && (left ?? 0) >= 0;

  useEffect(() => {
    if (!touch.matches) area.current?.focus();
  }, [id]);
  useLayoutEffect(() => {
    const element = /** @type {HTMLTextAreaElement} */ (area.current);
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [draft, id]);

  const send = () => {
    const text = tidy(draft);
    if (!text || !sendable) return;
    chat.reader.toNewest();
    chat.send(id, text);
    area.current?.focus();
  };
  /** @param {KeyboardEvent} event */
  const keyDown = (event) => {
    // While a word is being composed Enter belongs to the input method; Safari says so only by the old key code.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape" && replying) {
      event.preventDefault();
      chat.world.setReply(id, null);
    }
    if (event.key === "ArrowUp" && draft === "" && !event.shiftKey) {
      event.preventDefault();
      /** @type {HTMLElement | undefined} */ ([...document.querySelectorAll(".bubble-line")].at(-1))?.focus();
    }
    // On a touch keyboard Enter breaks the line, for there is no Shift to hold.
    if (event.key !== "Enter" || event.shiftKey || event.altKey || (touch.matches && !event.ctrlKey && !event.metaKey))
      return;
    event.preventDefault();
    send();
  };
  /** @param {InputEvent} event */
  const input = (event) => {
    const { value } = /** @type {HTMLTextAreaElement} */ (event.currentTarget);
    chat.draft(id, value);
    if (value) chat.typing(id, Date.now());
  };
  return html`<form
    class="composer"
    onSubmit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      send();
    }}
  >
    <${Replying} id=${id} />
    <div class="composer-box">
      <textarea
        ref=${area}
        rows="1"
        dir="auto"
        value=${draft}
        aria-label=${t("composer.label", { title })}
        aria-describedby="composer-count"
        placeholder=${t("composer.placeholder")}
        onInput=${input}
        onKeyDown=${keyDown}
      ></textarea>
      <button class="send" type="submit" disabled=${!sendable} title=${t("composer.send")}>
        <${Icon} name="send" /><span class="visually-hidden">${t("composer.send")}</span>
      </button>
    </div>
    <p id="composer-count" class=${left !== null && left < 0 ? "composer-count over" : "composer-count"} aria-live="polite">
      ${left === null ? "" : left < 0 ? t("composer.over", { count: -left }) : t("composer.left", { count: left })}
    </p>
  </form>`;
}
