/** A window over the page, with the browser's own focus keeping. */

import { useEffect, useLayoutEffect, useRef } from "../../vendor/preact-hooks.js";
import { t } from "../i18n/words.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";

/** @param {{ title: string, onClose: () => void, children?: any }} props */
export function Dialog({ title, onClose, children }) {
  const element = useRef(/** @type {HTMLDialogElement | null} */ (null));
  // At once when it goes: closing gives the focus back, before anything else takes it.
  useLayoutEffect(() => {
    const dialog = /** @type {HTMLDialogElement} */ (element.current);
    dialog.showModal();
    return () => dialog.close();
  }, []);
  /** Escape, told before the browser acts on it: the page knows at once that nothing lies over it. @param {Event} event */
  const cancelled = (event) => {
    event.preventDefault();
    onClose();
  };
  /** The browser has closed it. What it says of one that is gone already is late: another may be open. */
  const closed = () => element.current?.isConnected && onClose();
  return html`<dialog
    ref=${element}
    class="dialog"
    aria-labelledby="dialog-title"
    onCancel=${cancelled}
    onClose=${closed}
    onClick=${(/** @type {MouseEvent} */ event) => event.target === element.current && onClose()}
  >
    <div class="dialog-inner">
      <header class="dialog-header">
        <h2 id="dialog-title" dir="auto">${title}</h2>
        <button class="icon-button" type="button" onClick=${onClose} title=${t("app.close")}>
          <${Icon} name="close" /><span class="visually-hidden">${t("app.close")}</span>
        </button>
      </header>
      ${children}
    </div>
  </dialog>`;
}

/** What is asked before something that cannot be taken back. @param {{ text: string, action: string, onYes: () => void, onNo: () => void }} props */
export function Question({ text, action, onYes, onNo }) {
  const no = useRef(/** @type {HTMLButtonElement | null} */ (null));
  useEffect(() => no.current?.focus(), []);
  return html`<p>${text}</p>
    <div class="form-actions">
      <button class="button button-danger" type="button" onClick=${onYes}>${action}</button>
      <button class="button" type="button" ref=${no} onClick=${onNo}>${t("app.cancel")}</button>
    </div>`;
}

/** A labelled field with its hint and what is wrong with it. @param {{ label: string, name: string, hint?: string, error?: string, value: string, onInput: (value: string) => void, autofocus?: boolean, maxlength?: number }} props */
export function Field({ label, name, hint, error, value, onInput, autofocus, maxlength }) {
  return html`<div class="field">
    <label for=${name}>${label}</label>
    <input
      class="field-input"
      id=${name}
      name=${name}
      value=${value}
      dir="auto"
      autocomplete="off"
      autocapitalize="off"
      spellcheck=${false}
      autofocus=${autofocus}
      maxlength=${maxlength}
      aria-invalid=${error ? "true" : undefined}
      aria-describedby="${name}-hint ${name}-error"
      onInput=${(/** @type {InputEvent} */ event) => onInput(/** @type {HTMLInputElement} */ (event.currentTarget).value)}
    />
    <p class="field-hint" id="${name}-hint">${hint}</p>
    <p class="field-error" id="${name}-error" role="alert">${error}</p>
  </div>`;
}
