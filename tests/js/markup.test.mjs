/** The formatting of messages: what counts, what stays as typed, and that no input makes it slow or lose a character. */

import assert from "node:assert/strict";
import test from "node:test";
import { blocks, plain } from "../../static/js/text/markup.js";
import { chance, pick } from "./fake/random.mjs";

/** The tree in a short notation. @param {string} text @returns {string} */
function shown(text) {
  /** @param {any[]} inside @returns {string} */
  const inline = (inside) =>
    inside
      .map((one) => {
        if ("inside" in one) return `<${one.kind}>${inline(one.inside)}</${one.kind}>`;
        return one.kind === "text" ? one.text : `<${one.kind}>${one.text}</${one.kind}>`;
      })
      .join("");
  return blocks(text)
    .map((block) =>
      block.kind === "pre"
        ? `[pre ${block.text}]`
        : block.kind === "quote"
          ? `[quote ${inline(block.inside)}]`
          : inline(block.inside),
    )
    .join("|");
}

test("bold, italic, struck and code, also inside each other", () => {
  /** @type {[string, string][]} */
  const cases = [
    ["a *b* c", "a <strong>b</strong> c"],
    ["**b** and ~~s~~ and ~s~", "<strong>b</strong> and <del>s</del> and <del>s</del>"],
    ["_all of *it*_!", "<em>all of <strong>it</strong></em>!"],
    ["(*b*), _i_.", "(<strong>b</strong>), <em>i</em>."],
    ["`*no* _no_` *`c`*", "<code>*no* _no_</code> <strong><code>c</code></strong>"],
    ["*two words* *again*", "<strong>two words</strong> <strong>again</strong>"],
    ["*one *two*", "*one <strong>two</strong>"],
  ];
  for (const [text, wanted] of cases) assert.equal(shown(text), wanted, text);
});

test("what is not meant stays as it was typed", () => {
  for (const text of [
    "snake_case_name and 3*4*5",
    "a * b * c",
    "_private_name",
    "* one\n* two",
    "~5 to ~6",
    "***",
    "**",
    "__init__",
    "*open",
    "close*",
    "* a*",
    "`open",
    "``",
    "<b>no</b> &amp; [x](http)",
  ])
    assert.equal(shown(text), text, text);
});

test("scripts without spaces need none around the signs", () => {
  assert.equal(shown("这是*重点*内容"), "这是<strong>重点</strong>内容");
  assert.equal(shown("これは_大事_です"), "これは<em>大事</em>です");
  assert.equal(shown("مرحبا *بك* هنا"), "مرحبا <strong>بك</strong> هنا");
});

test("links keep their signs, and may be bold", () => {
  assert.equal(
    shown("https://a.example/x_y_z *https://b.example/*"),
    "<link>https://a.example/x_y_z</link> <strong><link>https://b.example/</link></strong>",
  );
});

test("quotes are lines that begin with their sign", () => {
  assert.equal(shown("> one\n>two *b*\nthree"), "[quote one\ntwo <strong>b</strong>]|three");
  assert.equal(shown("a > b"), "a > b");
});

test("blocks of code keep everything, named language or not, closed or not", () => {
  assert.equal(shown("see\n```js\nlet *a* = `1`;\n\n```\nend"), "see|[pre let *a* = `1`;\n]|end");
  assert.equal(shown("```one line```"), "[pre one line]");
  assert.equal(shown("```\nunclosed\n> x"), "[pre unclosed\n> x]");
  assert.equal(shown("```first words\nsecond```"), "[pre first words\nsecond]");
  assert.equal(shown("no ```fence``` here"), "no <code>fence</code> here");
});

test("previews have the words without the signs", () => {
  assert.equal(plain("> *a*\n```\nb  c\n```\n_d_ `e` https://f.example"), "a b c d e https://f.example");
});

test("no character is lost, whatever is typed", () => {
  const random = chance(11);
  const alphabet = [
    "*",
    "**",
    "_",
    "~",
    "~~",
    "`",
    "```",
    ">",
    " ",
    "\n",
    "a",
    "é",
    "字",
    "😀",
    "https://x.example/a_b ",
    ".",
  ];
  for (let round = 0; round < 3000; round += 1) {
    const text = Array.from({ length: Math.floor(random() * 24) }, () => pick(random, alphabet)).join("");
    const signs = /[*_~`>\s]/gu;
    const said = plain(text).replaceAll(signs, "");
    const isNamed = /^```[a.é字😀]*/mu.test(text); // what follows a fence may name a language
    if (!isNamed) assert.equal(said, text.replaceAll(signs, ""), JSON.stringify(text));
  }
});

test("a hundred thousand signs make no endless tree", () => {
  /** @param {any[]} inside @returns {number} */
  const size = (inside) => inside.reduce((sum, one) => sum + 1 + ("inside" in one ? size(one.inside) : 0), 0);
  /** @param {any[]} inside @returns {number} */
  const depth = (inside) => 1 + Math.max(0, ...inside.map((one) => ("inside" in one ? depth(one.inside) : 0)));
  for (const sign of ["*a ", "*", "_a_ ", "**a*", "~a *b _c ", "a* ", "*_~**~~a"]) {
    const [block] = blocks(sign.repeat(Math.floor(99_999 / sign.length)));
    const inside = block && "inside" in block ? block.inside : [];
    assert.ok(size(inside) <= 6_100, sign);
    assert.ok(depth(inside) <= 10, sign);
  }
});
