import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const STATIC = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "static");
const FOLDERS = ["js", "vendor"];

/** Every module, by its path under static/. */
const modules = new Map(
  FOLDERS.flatMap((folder) => readdirSync(join(STATIC, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith(".js"))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [relative(STATIC, path), readFileSync(path, "utf8")]),
);

/** Without comments, whose types name modules too. @param {string} source */
const code = (source) => source.replace(/\/\*[\s\S]*?\*\//g, "");

/** @param {string} path @returns {string[]} what it imports, by path under static/ */
function imports(path) {
  const source = code(modules.get(path) ?? "");
  return [...source.matchAll(/(?:[\s}]from|^import)\s*"([^"\s]+)"/gm)].map(([, name]) =>
    join(dirname(path), name ?? ""),
  );
}

test("every import is relative, ends in .js and a semicolon, and names a file of ours", () => {
  assert.ok(modules.size > 30);
  for (const [path, source] of modules) {
    for (const [whole, name] of code(source).matchAll(/(?:[\s}]from|^import)\s*"([^"\s]+)"(?:;|)/gm)) {
      assert.match(name ?? "", /^\.{1,2}\/.+\.js$/, `${path}: ${whole}`);
      assert.ok(whole.endsWith(";"), `${path}: ${whole}`);
    }
    for (const name of imports(path)) assert.ok(modules.has(name), `${path} imports ${name}`);
    assert.doesNotMatch(source, /import\.meta|sourceMappingURL/, path);
  }
});

test("no module imports itself by any way round", () => {
  /** @type {Set<string>} */
  const done = new Set();
  /** @param {string} path @param {string[]} way */
  const walk = (path, way) => {
    assert.ok(!way.includes(path), [...way, path].join(" → "));
    if (done.has(path)) return;
    for (const name of imports(path)) walk(name, [...way, path]);
    done.add(path);
  };
  for (const path of modules.keys()) walk(path, []);
});

test("the network is in net/, the document in ui/ and main", () => {
  for (const [path, source] of modules) {
    if (path.startsWith("vendor/")) continue;
    const text = code(source).replace(/\/\/.*$/gm, "");
    const isWorker = path.startsWith("js/worker/"); // they run apart from the page, and import nothing
    if (!path.startsWith("js/net/") && !isWorker)
      assert.doesNotMatch(text, /\bfetch\(|new WebSocket|XMLHttpRequest/, path);
    if (/^js\/(store|net|text|i18n)\//.test(path)) assert.doesNotMatch(text, /\bdocument\b|\bwindow\b/, path);
    if (/^js\/(store|net|text)\//.test(path)) {
      for (const name of imports(path)) assert.ok(!name.startsWith("js/ui/"), `${path} imports ${name}`);
    }
    assert.doesNotMatch(text, /innerHTML|dangerouslySetInnerHTML|insertAdjacentHTML|\beval\(|new Function/, path);
  }
});

test("templates carry no inline style or script", () => {
  for (const name of ["base.html", "chat/index.html"]) {
    const source = readFileSync(join(STATIC, "..", "templates", name), "utf8");
    assert.doesNotMatch(source, /\sstyle=|\son\w+=|<style/, name);
    for (const [tag] of source.matchAll(/<script[^>]*>/g)) assert.match(tag, /nonce=/, `${name}: ${tag}`);
  }
});
