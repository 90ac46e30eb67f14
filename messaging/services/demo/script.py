"""Reads what the demo's people say, and gives the parts to people."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from random import Random

import msgspec

from accounts.models import User

HERE = Path(__file__).parent
_LINE = re.compile(r"(?P<who>\w+)(?:>(?P<answers>\d+))?: (?P<text>.+)")
_WORD = re.compile(r"\{(\w+)\}")
_MENTION = re.compile(r"@(\w+)")


class Line(msgspec.Struct, frozen=True):
    """One line of a dialogue: who says it (a part, or a username), and the line it answers, counted from 1."""

    who: str
    text: str
    answers: int | None = None


class Spoken(msgspec.Struct, frozen=True):
    """A line with its parts given to people; `answers` is how many lines back the answered one is."""

    sender: int
    text: str
    answers: int | None = None
    mentions: tuple[int, ...] = ()


Dialogue = tuple[Line, ...]


@cache
def dialogues(language: str) -> tuple[Dialogue, ...]:
    return _read("dialogues.txt")[language]


@cache
def tail(name: str) -> Dialogue:
    """The newest lines of one demo conversation, by username."""
    return _read("tails.txt")[name][0]


def cast(dialogue: Dialogue, people: Sequence[User], random: Random, *, language: str) -> list[Spoken]:
    """Gives each part to another person, at random, and fills the {words}: the same word throughout the dialogue."""
    parts = sorted({line.who for line in dialogue})
    actors = dict(zip(parts, random.sample(list(people), len(parts)), strict=True))
    words: dict[str, str] = {}
    for line in dialogue:
        for name in _WORD.findall(line.text):
            words.setdefault(name, random.choice(_words(language)[name]))
    return [_speak(number, line, actors, words) for number, line in enumerate(dialogue, 1)]


def play(dialogue: Dialogue, people: Sequence[User], names: dict[str, str]) -> list[Spoken]:
    """A tail, spoken by the people it names; `names` says what usernames they have here."""
    by_username = {person.username: person for person in people}
    actors = {name: by_username[username] for name, username in names.items() if username in by_username}
    return [_speak(number, line, actors, {}) for number, line in enumerate(dialogue, 1)]


def _speak(number: int, line: Line, actors: dict[str, User], words: dict[str, str]) -> Spoken:
    text = _WORD.sub(lambda match: words[match[1]], line.text)
    mentioned = [actors[name] for name in _MENTION.findall(text) if name in actors]
    return Spoken(
        sender=actors[line.who].id,
        text=_MENTION.sub(lambda match: f"@{actors[match[1]].username}" if match[1] in actors else match[0], text),
        answers=number - line.answers if line.answers else None,
        mentions=tuple(person.id for person in mentioned),
    )


@cache
def _words(language: str) -> dict[str, list[str]]:
    section = dict(_sections("words.txt"))[language.removeprefix("long ")]
    return {name: values.split(" | ") for name, _, values in (line.partition(": ") for line in section if line)}


@cache
def _read(file: str) -> dict[str, tuple[Dialogue, ...]]:
    found: dict[str, tuple[Dialogue, ...]] = {}
    for name, lines in _sections(file):
        paragraphs = "\n".join(lines).strip().split("\n\n")
        found[name] = tuple(tuple(_parse(line) for line in paragraph.splitlines()) for paragraph in paragraphs)
    return found


def _sections(file: str) -> Iterator[tuple[str, list[str]]]:
    """The file's parts: `[name]` begins one; `//` begins a comment."""
    lines = (HERE / file).read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("//")]
    starts = [number for number, line in enumerate(kept) if line.startswith("[")]
    for start, end in zip(starts, [*starts[1:], len(kept)], strict=True):
        yield kept[start].strip("[]"), kept[start + 1 : end]


def _parse(line: str) -> Line:
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError(f"not a line of a dialogue: {line}")
    return Line(match["who"], match["text"].replace("\\n", "\n"), int(match["answers"]) if match["answers"] else None)
