/** The few signs of the interface, drawn in one stroke width. They never speak: whoever uses one gives the words. */

import { html } from "./html.js";

const PATHS = {
  back: "M15 5l-7 7 7 7",
  plus: "M12 5v14M5 12h14",
  compose: "M4 20h4L19 9a2.1 2.1 0 0 0-3-3L5 17v3M14 8l3 3",
  close: "M6 6l12 12M18 6L6 18",
  send: "M4 12h14M12 5.500l6.500 6.500-6.500 6.500",
  down: "M6 9l6 6 6-6",
  info: "M12 11v6M12 7.200v.100M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  clock: "M12 7v5l3 2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  check: "M5 12.500l4.500 4.500L19 7",
  checks: "M2 12.500l4.500 4.500L15 8M11 16l1 1 9.500-9.500",
  alert: "M12 8v5M12 16.400v.100M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  people:
    "M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM3 20c0-3.500 2.700-6 6-6s6 2.500 6 6M15.500 4.300a3.500 3.500 0 0 1 0 6.500M17.500 14.300c2.100.8 3.500 3 3.500 5.700",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM5 20.500c0-4 3-6.500 7-6.500s7 2.500 7 6.500",
  addPerson:
    "M10 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM3 20.500c0-4 3-6.500 7-6.500 1.800 0 3.400.500 4.700 1.400M18 14v6M15 17h6",
  link: "M10 14a4 4 0 0 0 5.700 0l3.100-3.100a4 4 0 0 0-5.700-5.700L12 6.300M14 10a4 4 0 0 0-5.700 0l-3.100 3.100a4 4 0 0 0 5.700 5.700l1.100-1.100",
  edit: "M4 20h4L19 9a2.100 2.100 0 0 0-3-3L5 17v3",
  reply: "M10 6l-6 6 6 6M4 12h9c4 0 7 2 7 6",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  mute: "M5 9.500v5h3.500L13 18.500v-13L8.500 9.500zM17 9.500l4 5M21 9.500l-4 5",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5",
  more: "M6 12h.01M12 12h.01M18 12h.01",
};

/** @param {{ name: keyof typeof PATHS }} props */
export function Icon({ name }) {
  return html`<svg class="icon icon-${name}" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}
