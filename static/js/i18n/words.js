/**
 * The words of the screen in the chosen language, with plurals and dates as that language has them.
 *
 * @typedef {keyof typeof en} Key
 * @typedef {import("./en.js").Phrase} Phrase
 */

import { en } from "./en.js";
import { zhHans } from "./zh-hans.js";

/** @type {Record<string, Record<Key, Phrase>>} */
const CATALOGUES = { en, "zh-hans": zhHans };

let locale = "en";
/** @type {Record<Key, Phrase>} */
let catalogue = en;
let plurals = new Intl.PluralRules(locale);
let formats = dateFormats();

/** @param {string} wanted A locale as Django names it; an unknown one is English. */
export function setLocale(wanted) {
  const name = wanted.toLowerCase();
  const known = name.startsWith("zh") ? "zh-hans" : (name.split("-")[0] ?? "");
  locale = known in CATALOGUES ? known : "en";
  catalogue = CATALOGUES[locale] ?? en;
  plurals = new Intl.PluralRules(tag());
  formats = dateFormats();
}

/** A phrase, its `{names}` filled in. @param {Key} key @param {Record<string, string | number>} [params] @returns {string} */
export function t(key, params = {}) {
  const phrase = catalogue[key] ?? en[key];
  const form = typeof phrase === "string" ? phrase : chosen(phrase, Number(params.count));
  return form.replace(/\{(\w+)\}/g, (whole, name) => (name in params ? shownParam(params[name]) : whole));
}

/** @param {{ one?: string, other: string }} phrase @param {number} count */
function chosen(phrase, count) {
  return (plurals.select(count) === "one" ? phrase.one : undefined) ?? phrase.other;
}

/** @param {string | number | undefined} value */
function shownParam(value) {
  return typeof value === "number" ? formats.number.format(value) : String(value);
}

/** The language tag for Intl and `lang`. */
export function tag() {
  return locale === "zh-hans" ? "zh-Hans-CN" : navigatorTag();
}

/** The reader's own English, for its dates. */
function navigatorTag() {
  const own = typeof navigator === "undefined" ? [] : (navigator.languages ?? []);
  return own.find((one) => one.startsWith("en")) ?? "en";
}

function dateFormats() {
  const language = tag();
  const make = (/** @type {Intl.DateTimeFormatOptions} */ options) => new Intl.DateTimeFormat(language, options);
  return {
    time: make({ hour: "numeric", minute: "2-digit" }),
    weekday: make({ weekday: "long" }),
    shortDay: make({ day: "numeric", month: "short" }),
    day: make({ weekday: "long", day: "numeric", month: "long" }),
    yearDay: make({ day: "numeric", month: "long", year: "numeric" }),
    numericDay: make({ day: "numeric", month: "numeric", year: "2-digit" }),
    full: make({ dateStyle: "full", timeStyle: "short" }),
    relative: new Intl.RelativeTimeFormat(language, { numeric: "auto" }),
    list: new Intl.ListFormat(language, { type: "conjunction" }),
    number: new Intl.NumberFormat(language),
  };
}

const DAY_MS = 86_400_000;

/** Whole local days from one moment to another. @param {number} from @param {number} to */
export function daysBetween(from, to) {
  const midnight = (/** @type {number} */ at) => new Date(at).setHours(0, 0, 0, 0);
  return Math.round((midnight(to) - midnight(from)) / DAY_MS);
}

/** 14:05 @param {number} at */
export function clock(at) {
  return formats.time.format(at);
}

/** The whole date and time, for tooltips. @param {number} at */
export function fullTime(at) {
  return formats.full.format(at);
}

/** A day, for separators. @param {number} at @param {number} now */
export function dayName(at, now) {
  const days = daysBetween(at, now);
  if (days === 0) return t("time.today");
  if (days === 1) return t("time.yesterday");
  return new Date(at).getFullYear() === new Date(now).getFullYear()
    ? formats.day.format(at)
    : formats.yearDay.format(at);
}

/** As short as it can be understood, for the list. @param {number} at @param {number} now */
export function shortTime(at, now) {
  const days = daysBetween(at, now);
  if (days <= 0) return clock(at);
  if (days === 1) return t("time.yesterday");
  if (days < 7) return formats.weekday.format(at);
  return new Date(at).getFullYear() === new Date(now).getFullYear()
    ? formats.shortDay.format(at)
    : formats.numericDay.format(at);
}

/** "5 minutes ago" @param {number} at @param {number} now */
export function ago(at, now) {
  const minutes = Math.round((now - at) / 60_000);
  if (minutes < 1) return t("conversation.justNow");
  if (minutes < 60) return formats.relative.format(-minutes, "minute");
  if (minutes < 24 * 60) return formats.relative.format(-Math.round(minutes / 60), "hour");
  return formats.relative.format(-daysBetween(at, now), "day");
}

/** @param {string[]} names */
export function listed(names) {
  return formats.list.format(names);
}

/** @param {number} at */
export function date(at) {
  return formats.yearDay.format(at);
}
