"""Reads a gettext catalogue, and what the code and templates ask of it, without gettext's own tools."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation.template import templatize

from chatsite.core import errors

ROOT = Path(__file__).resolve().parent.parent
APPS = ("chatsite", "accounts", "presence", "notifications", "messaging")
CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
REFUSALS = {name for name, item in vars(errors).items() if isinstance(item, type) and issubclass(item, errors.ChatsiteError)}
_QUOTED = re.compile(r'^(msgid|msgid_plural|msgstr(?:\[\d\])?|msgctxt)?\s*("(?:[^"\\]|\\.)*")$')
_TEMPLATE_CALL = re.compile(r"""\bn?gettext\(\s*u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")


def read_po(path: Path) -> dict[str, list[str]]:
    """Message id → its translations (several for plurals). Fuzzy and obsolete entries are not there."""
    catalogue: dict[str, list[str]] = {}
    for block in path.read_text().split("\n\n"):
        if "#, fuzzy" in block or block.startswith("#~"):
            continue
        parts: dict[str, str] = {}
        key = ""
        for line in block.splitlines():
            if found := _QUOTED.match(line.strip()):
                key = found[1] or key
                parts[key] = parts.get(key, "") + ast.literal_eval(found[2])
        if parts.get("msgid"):
            catalogue[parts["msgid"]] = [text for name, text in parts.items() if name.startswith("msgstr")]
    return catalogue


def asked_by_code() -> Iterator[str]:
    """Every message id in our Python: what is marked, and what refusals say."""
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and node.args and _name(node.func) in CALLS | REFUSALS:
                    first = node.args[0]
                    if isinstance(first, ast.Constant) and isinstance(first.value, str):
                        yield first.value


def asked_by_templates() -> Iterator[str]:
    """Every message id in our templates."""
    for path in (ROOT / "templates").rglob("*"):
        if path.suffix in {".html", ".txt"}:
            for found in _TEMPLATE_CALL.finditer(templatize(path.read_text(), origin=str(path))):
                yield ast.literal_eval(found[1])


def unformatted_refusals() -> Iterator[str]:
    """Lines that raise a refusal with an f-string or a sum, which no catalogue can hold."""
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if (
                    isinstance(node, ast.Call)
                    and node.args
                    and _name(node.func) in REFUSALS
                    and isinstance(node.args[0], ast.JoinedStr)
                ):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}"


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
