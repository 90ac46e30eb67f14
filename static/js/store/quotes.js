/**
 * The messages that others answer: looked for in memory, then in the cache, then at the server, each once.
 *
 * @typedef {import("../types.js").Message} Message
 * @typedef {import("./world.js").World} World
 * @typedef {import("./cache.js").Cache} Cache
 */

import { signal } from "../../vendor/signals-core.js";
import { place } from "./timeline.js";

export class Quotes {
  /** @type {Map<string, import("../../vendor/signals-core.js").Signal<Message | null | undefined>>} */
  #found = new Map();

  /** @param {{ world: World, cache: Pick<Cache, "messages">, ask: import("./sync.js").Sync["ask"] }} parts */
  constructor({ world, cache, ask }) {
    this.world = world;
    this.cache = cache;
    this.ask = ask;
  }

  /** The message; undefined while it is looked for, null when there is none to be seen. @param {string} id @param {number} seq */
  get(id, seq) {
    const { rows } = this.world.timelines.value.get(id) ?? { rows: [] };
    const row = rows[place(rows, seq)];
    if (row?.seq === seq) return row;
    const key = `${id}:${seq}`;
    let found = this.#found.get(key);
    if (!found) {
      found = signal(/** @type {Message | null | undefined} */ (undefined));
      this.#found.set(key, found);
      void this.#look(id, seq).then(
        (message) => {
          /** @type {import("../../vendor/signals-core.js").Signal<Message | null | undefined>} */ (found).value =
            message;
        },
        () => this.#found.delete(key), // asked again when it is shown again
      );
    }
    return found.value;
  }

  /** @param {string} id @param {number} seq @returns {Promise<Message | null>} */
  async #look(id, seq) {
    const [kept] = await this.cache.messages(id, seq, seq);
    if (kept) return kept;
    const { messages } = await this.ask(id, { after: seq - 1, limit: 1 });
    return messages.find((one) => one.seq === seq) ?? null;
  }
}
