/** Templates: `html` makes Preact nodes from tagged strings. */

import htm from "../../vendor/htm.js";
import { Component, createContext, h } from "../../vendor/preact.js";
import { useContext } from "../../vendor/preact-hooks.js";

export const html = htm.bind(h);

/** The client behind the screen. */
export const ChatContext = createContext(/** @type {import("../store/chat.js").Chat | null} */ (null));

/** @returns {import("../store/chat.js").Chat} */
export function useChat() {
  const chat = useContext(ChatContext);
  if (!chat) throw new Error("no chat");
  return chat;
}

/** A component that renders again only when one of its props is another. @template {Record<string, any>} P @param {(props: P) => any} render */
export function memo(render) {
  return class extends Component {
    /** @param {any} next @override */
    shouldComponentUpdate(next) {
      const now = /** @type {Record<string, unknown>} */ (this.props);
      return Object.keys({ ...now, ...next }).some((key) => now[key] !== next[key]);
    }

    /** @override */
    render() {
      return render(/** @type {any} */ (this.props));
    }
  };
}
