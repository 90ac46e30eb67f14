/** What to tell a person about a command that failed. */

import { t } from "../i18n/words.js";
import { Problem, Unreachable } from "../net/problem.js";

/** @param {unknown} error @param {"user" | ""} [about] What was looked for, if something was. @returns {string} */
export function explain(error, about = "") {
  if (error instanceof Unreachable) return t("error.unreachable");
  if (!(error instanceof Problem)) throw error;
  if (error.code === "not_found" && about === "user") {
    return (error.field && error.detail) || t("error.not_found.user"); // with a field the server says who it is
  }
  if (error.code === "rate_limited" || error.code === "busy") return t("error.rate_limited");
  if (error.code === "full") return t("error.full");
  return error.detail || (error.code === "forbidden" ? t("error.forbidden") : t("app.somethingWrong"));
}

/** The usernames in what somebody typed. @param {string} text @returns {string[]} */
export function usernames(text) {
  const names = text.split(/[\s,，、;；]+/u).map((name) => name.replace(/^@/, "").toLowerCase());
  return [...new Set(names.filter(Boolean))];
}
