/**
 * The messages of the open conversation, a bounded stretch of them, held still while older and newer ones come.
 *
 * @typedef {import("../types.js").Entry} Entry
 * @typedef {import("../store/reader.js").Open} Open
 */

import { useEffect, useLayoutEffect, useRef } from "../../vendor/preact-hooks.js";
import { dayName, t } from "../i18n/words.js";
import { personIn, placeOf } from "../store/entries.js";
import { items } from "../store/items.js";
import { EMPTY } from "../store/timeline.js";
import { shown } from "../store/view.js";
import { Bubble } from "./bubble.js";
import { html, useChat } from "./html.js";
import { Icon } from "./icons.js";
import { MessageMenu, openMenu } from "./message-menu.js";
import { eventText, nameOf, titleOf } from "./names.js";
import { progress } from "./progress.js";
import { focusComposer, now, touch } from "./screen.js";
import { Scroller } from "./scroll.js";

/** @param {{ entry: Entry, open: Open, title: string }} props */
export function Timeline({ entry, open, title }) {
  const chat = useChat();
  const { world, reader } = chat;
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const scroller = useRef(/** @type {Scroller | null} */ (null));
  const placed = useRef(false);
  const timeline = world.timelines.value.get(open.id) ?? EMPTY;
  const pending = open.view.tail ? world.pending.value.filter((one) => one.conversation === open.id) : [];
  const list = items({ messages: shown(timeline, open.view), pending, me: world.me.id, unread: open.unread });

  const look = () => {
    const seq = scroller.current?.lastSeen() ?? 0;
    if (!placed.current) return; // what is shown for a moment was not seen
    if (seq > 0 && document.visibilityState === "visible" && document.hasFocus()) chat.reads.read(open.id, seq);
  };
  const scrolled = () => {
    const here = scroller.current;
    if (!here) return;
    here.moved(open.view.tail);
    if (here.nearStart && reader.moreAbove(open)) void reader.older();
    if (here.nearEnd) void reader.newer();
    look();
  };

  useLayoutEffect(() => {
    const element = /** @type {HTMLElement} */ (box.current);
    scroller.current = new Scroller(element);
    const watch = new ResizeObserver(() => scroller.current?.restore());
    watch.observe(element);
    if (element.firstElementChild) watch.observe(element.firstElementChild);
    return () => watch.disconnect();
  }, []);
  const written = pending.at(-1)?.client_id;
  useLayoutEffect(() => {
    if (written && placed.current) scroller.current?.follow();
  }, [written]);
  useLayoutEffect(() => {
    const here = /** @type {Scroller} */ (scroller.current);
    if (!placed.current && list.length > 0) {
      const unread = /** @type {HTMLElement | null} */ (here.box.querySelector(".unread-line"));
      if (unread) here.box.scrollTop = unread.offsetTop - here.box.clientHeight / 4;
      if (unread) here.moved(open.view.tail);
      placed.current = !open.loading;
    }
    here.restore();
    if (here.nearStart && !open.loading && reader.moreAbove(open)) void reader.older();
    if (here.nearEnd && !open.view.tail) void reader.newer();
  });
  const { target } = open;
  useLayoutEffect(() => {
    if (!target) return;
    const line = box.current?.querySelector(`[data-seq="${target.seq}"]`);
    if (line instanceof HTMLElement) scroller.current?.show(line, open.view.tail);
  }, [target]);
  useEffect(() => {
    look();
    addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    return () => {
      removeEventListener("focus", look);
      document.removeEventListener("visibilitychange", look);
    };
  });

  const toNewest = () => {
    reader.toNewest();
    scroller.current?.follow();
  };
  /** Before a text is folded or unfolded: its beginning stays, or the button that is under it. @param {MouseEvent} event */
  const folds = ({ target }) => {
    const button = target instanceof Element ? target.closest(".fold") : null;
    const whole = button?.getAttribute("aria-expanded") === "true";
    const line = whole ? button : button?.closest("[data-key]");
    if (line) scroller.current?.hold(line);
  };
  const messageOf = (/** @type {Element | null} */ line) => {
    const item = list.find(({ key }) => key === /** @type {HTMLElement | null} */ (line)?.dataset.key);
    return item?.kind === "message" ? item.message : undefined;
  };
  const menuAt = (/** @type {Element | null} */ line) => {
    const message = messageOf(line);
    if (line && message) openMenu(message, line);
    return message !== undefined;
  };
  /** Where no pointer hovers, a tap on a message opens its menu. @param {MouseEvent} event */
  const touched = ({ target: at }) => {
    if (!(at instanceof Element) || !touch.matches || getSelection()?.isCollapsed === false) return;
    if (at.closest(".bubble") && !at.closest("a, button, pre")) menuAt(at.closest(".bubble-line"));
  };
  /** Arrows go from message to message, Enter opens the menu of one, Escape goes back to the composer. @param {KeyboardEvent} event */
  const walk = (event) => {
    const at = document.activeElement;
    const line = at?.classList.contains("bubble-line") ? at : null;
    if (at !== box.current && !line) return;
    const step = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" && line ? 1 : 0;
    if (step !== 0) scroller.current?.step(line, step);
    else if (line && (event.key === "Enter" || event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)))
      menuAt(line);
    else if (line && event.key === "Escape") focusComposer();
    else return;
    event.preventDefault();
  };
  return html`<div class="timeline-frame">
    <div
      class="timeline"
      ref=${box}
      role="log"
      aria-live="off"
      aria-label=${t("conversation.log", { title })}
      aria-busy=${open.loading}
      tabindex="0"
      onScroll=${scrolled}
      onClickCapture=${folds}
      onClick=${touched}
      onKeyDown=${walk}
    >
      <div class="timeline-lines">
        ${open.loading && list.length === 0 && html`<${Loading} />`}
        ${!open.loading && open.failed && list.length === 0 && html`<${Failed} id=${open.id} />`}
        ${!open.loading && !open.failed && list.length === 0 && html`<${Nothing} entry=${entry} />`}
        ${list.length > 0 && !reader.moreAbove(open) && html`<p class="timeline-start" data-key="start">${t("conversation.start")}</p>`}
        ${list.length > 0 && reader.moreAbove(open) && html`<p class="timeline-more" aria-hidden="true"><i></i><i></i><i></i></p>`}
        <${Lines} list=${list} entry=${entry} />
      </div>
    </div>
    <${ToNewest} entry=${entry} open=${open} scroller=${scroller} onClick=${toNewest} />
    <${MessageMenu} entry=${entry} />
  </div>`;
}

/** @param {{ list: import("../store/items.js").Item[], entry: Entry }} props */
function Lines({ list, entry }) {
  const { world } = useChat();
  const me = world.me.id;
  const { conversation } = entry;
  const how = progress(entry, world.marks.value.get(conversation.id), me);
  return list.map((item) => {
    switch (item.kind) {
      case "day":
        return html`<h2 class="day-line" key=${item.key} data-key=${item.key}><span>${dayName(item.at, now.value)}</span></h2>`;
      case "unread":
        return html`<p class="unread-line" key=${item.key} data-key=${item.key}><span>${t("conversation.newMessages")}</span></p>`;
      case "event":
        return html`<p class="event-line" key=${item.key} data-key=${item.key} data-seq=${item.message.seq} dir="auto">
          ${eventText(entry, item.message, me)}
        </p>`;
      default:
        return html`<${Bubble}
          key=${item.key}
          id=${item.key}
          conversation=${conversation.id}
          message=${item.message}
          pending=${item.pending}
          mine=${item.mine}
          first=${item.first}
          last=${item.last}
          group=${conversation.kind === "group"}
          author=${personIn(entry, item.message.sender)}
          tick=${item.mine ? how.tick(item.message, item.pending) : "sent"}
          readers=${item.mine ? how.readers(item.message) : ""}
        />`;
    }
  });
}

/** @param {{ entry: Entry, open: Open, scroller: { current: Scroller | null }, onClick: () => void }} props */
function ToNewest({ entry, open, scroller, onClick }) {
  const away = !open.view.tail || (entry.unread > 0 && scroller.current !== null && !scroller.current.following);
  if (!away) return null;
  const count = entry.unread;
  const words = count > 0 ? t("conversation.toNewest.new", { count }) : t("conversation.toNewest");
  return html`<button class="to-newest" type="button" onClick=${onClick} title=${words}>
    ${count > 0 && html`<span>${words}</span>`}<${Icon} name="down" />
    ${count === 0 && html`<span class="visually-hidden">${words}</span>`}
  </button>`;
}

function Loading() {
  return html`<div class="bubbles-loading" role="status">
    <span class="visually-hidden">${t("conversation.loading")}</span>
    ${["a", "b", "c", "d", "e"].map((name) => html`<i class="ghost ghost-${name}" key=${name}></i>`)}
  </div>`;
}

/** @param {{ id: string }} props */
function Failed({ id }) {
  const chat = useChat();
  return html`<div class="empty">
    <p>${t("conversation.failed")}</p>
    <button class="button" onClick=${() => chat.reader.refresh(id)}>${t("app.retry")}</button>
  </div>`;
}

/** @param {{ entry: Entry }} props */
function Nothing({ entry }) {
  const { me } = useChat().world;
  const { conversation } = entry;
  const state = placeOf(conversation, me.id)?.state;
  if (state !== "joined") {
    return html`<div class="empty">
      <span class="empty-art" aria-hidden="true"><i></i><i></i></span>
      <p>${t(state === "invited" ? "conversation.empty.invited" : "conversation.empty.outside")}</p>
    </div>`;
  }
  const hello =
    conversation.kind === "group"
      ? t("conversation.empty.group")
      : t("conversation.empty.direct", { name: titleOf(conversation, me.id) || nameOf(undefined) });
  return html`<div class="empty">
    <span class="empty-art" aria-hidden="true"><i></i><i></i></span>
    <h2>${t("conversation.empty.title")}</h2>
    <p>${hello}</p>
  </div>`;
}
