/**
 * Contacts, requests and blocks: read anew whenever the server says that they changed.
 *
 * @typedef {import("../types.js").Contact} Contact
 * @typedef {import("../types.js").User} User
 * @typedef {Pick<import("../net/api.js").Api, "contacts">} Rest
 */

import { batch, computed, signal } from "../../vendor/signals-core.js";

export class Contacts {
  /** @type {Promise<void> | null} */
  #reading = null;
  #again = false;

  /** @param {{ api: Rest }} parts */
  constructor({ api }) {
    this.api = api;
    this.state = signal(/** @type {"loading" | "ready" | "failed"} */ ("loading"));
    /** By user id, as the server sorts them. */
    this.all = signal(/** @type {ReadonlyMap<string, Contact>} */ (new Map()));
    this.blocked = signal(/** @type {ReadonlyMap<string, User>} */ (new Map()));
    this.received = computed(() => this.#of("received"));
    this.sent = computed(() => this.#of("sent"));
    this.mutual = computed(() => this.#of("contact"));
  }

  /** How somebody stands to us. @param {string} user @returns {"none" | "blocked" | Contact["state"]} */
  standing(user) {
    if (this.blocked.value.has(user)) return "blocked";
    return this.all.value.get(user)?.state ?? "none";
  }

  /** Reads them; asked for meanwhile, once more. @returns {Promise<void>} */
  refresh() {
    if (this.#reading) this.#again = true;
    else
      this.#reading = this.#read().finally(() => {
        this.#reading = null;
      });
    return this.#reading;
  }

  async #read() {
    do {
      this.#again = false;
      try {
        const { contacts, blocked } = await this.api.contacts();
        batch(() => {
          this.all.value = new Map(contacts.map((contact) => [contact.user.id, contact]));
          this.blocked.value = new Map(blocked.map((user) => [user.id, user]));
          this.state.value = "ready";
        });
      } catch {
        if (this.state.peek() === "loading") this.state.value = "failed"; // what is known stays on the screen
      }
    } while (this.#again);
  }

  /** @param {Contact["state"]} state */
  #of(state) {
    return [...this.all.value.values()].filter((contact) => contact.state === state);
  }
}
