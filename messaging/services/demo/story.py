"""Who the demo's people are, what they talk in, and when each thing was said."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import msgspec

from accounts.models import User
from messaging.services.demo.script import Dialogue, Spoken, cast, dialogues, play, tail

PEOPLE = {  # username → display name
    "anna": "Anna Berg",
    "ben": "Ben Okafor",
    "mei": "林梅",
    "jun": "陈俊",
    "lucia": "Lucía Ferro",
    "omar": "Omar Haddad",
}
# Who asked whom to be a contact, and who has not answered yet.
CONTACTS = (("anna", "ben"), ("anna", "mei"), ("mei", "jun"), ("ben", "mei"), ("lucia", "ben"))
REQUESTS = (("omar", "anna"), ("anna", "jun"))
DAY_MS = 86_400_000
# How talkative the hours of a day are, from midnight on.
HOURS = (1, 0, 0, 0, 0, 1, 3, 8, 10, 7, 6, 7, 10, 8, 6, 6, 7, 9, 12, 14, 14, 12, 8, 3)


class Moment(msgspec.Struct, frozen=True):
    """One message-to-be: something spoken, or something that happened to the group."""

    at: int  # ms
    spoken: Spoken | None = None
    event: dict[str, Any] | None = None  # as docs/protocol.md has it, with `by`


class Scene(msgspec.Struct, frozen=True):
    """A conversation of the demo."""

    name: str  # its tail
    people: tuple[str, ...]
    title: str = ""  # "" for a direct one
    messages: int = 60
    days: int = 60
    has_essay: bool = False  # somebody once wrote more than fits on a screen
    languages: tuple[str, ...] = ("en",)
    invited: tuple[str, ...] = ()
    leaves: str = ""  # somebody who was there for a while
    unread: dict[str, int] = {}
    minutes_ago: int = 30  # when its last line was said


def scenes(messages: int) -> list[Scene]:
    """`messages` is the length of the long one."""
    return [
        Scene(
            "house", ("anna", "ben", "mei", "jun", "lucia", "omar"), "Harbour Street 12 🏠", messages=messages, days=400,
            languages=("en", "en", "en", "zh", "long en", "long zh"), invited=("omar",), leaves="omar",
            unread={"anna": 5, "mei": 2, "ben": 3}, minutes_ago=3,
            has_essay=True,
        ),
        Scene("anna mei", ("anna", "mei"), messages=420, days=200, languages=("zh", "zh", "en"), unread={"anna": 2}, minutes_ago=17),
        Scene("anna ben", ("anna", "ben"), messages=640, days=300, minutes_ago=64),
        Scene(
            "hike", ("mei", "jun", "ben"), "周末去爬山 ⛰️", messages=160, days=120, languages=("zh", "zh", "long zh", "en"),
            invited=("anna",), unread={"ben": 1}, minutes_ago=95,
        ),
        Scene("anna omar", ("anna", "omar"), messages=90, days=380, minutes_ago=210),
        Scene("books", ("lucia", "anna", "mei"), "Chapter by chapter 📚", messages=210, days=150, unread={"anna": 1}, minutes_ago=300),
        Scene("anna jun", ("anna", "jun"), messages=120, days=90, languages=("en", "zh"), minutes_ago=1_500),
        Scene("anna lucia", ("anna", "lucia"), messages=75, days=60, minutes_ago=1_620),
        Scene("ben jun", ("ben", "jun"), messages=180, days=160, unread={"ben": 1}, minutes_ago=400),
        Scene("mei jun", ("mei", "jun"), messages=260, days=260, languages=("zh",), unread={"mei": 1}, minutes_ago=700),
    ]  # fmt: skip


def tell(scene: Scene, people: dict[str, User], *, now: int, random: Random) -> list[Moment]:
    """Everything that was said and done in a scene, about as much as it asks for, oldest first, each moment later than the last."""
    usernames = {name: people[name].username for name in scene.people}
    staying = [people[name] for name in scene.people if name != scene.leaves]
    last_line = play(tail(scene.name), staying, usernames)
    end = now - scene.minutes_ago * 60_000
    ending = _spread_out(last_line, start=end - 45_000 * len(last_line), random=random, upto=end)
    start = now - scene.days * DAY_MS
    opening = list(_opening(scene, people, start=start)) if scene.title else []
    wanted = scene.messages - len(opening) - len(ending)
    talk = _talk(scene, people, wanted, start=start + DAY_MS // 24, end=ending[0].at - 3_600_000, random=random)
    if scene.has_essay:
        talk.append(Moment(talk[-1].at + 600_000, spoken=_essay(staying, random)))
    return _in_order([*opening, *talk, *ending])


def _opening(scene: Scene, people: dict[str, User], *, start: int) -> Iterator[Moment]:
    """A group begins: its first member makes it, the others join."""
    creator, *others = (people[name] for name in scene.people)
    me = str(creator.id)
    yield Moment(start, event={"type": "created", "user": me, "title": scene.title, "by": me})
    for number, person in enumerate(others, 1):
        yield Moment(start + number * 95_000, event={"type": "joined", "user": str(person.id), "by": str(person.id)})


def _talk(scene: Scene, people: dict[str, User], wanted: int, *, start: int, end: int, random: Random) -> list[Moment]:
    """Dialogues at the times of day at which people talk. Two thirds through, whoever leaves has left."""
    present = [people[name] for name in scene.people]
    leaver = people.get(scene.leaves)
    chosen: list[tuple[Dialogue, str]] = []
    lines = 0
    while lines < wanted:
        language = random.choice(scene.languages)
        fitting = [
            dialogue for dialogue in dialogues(language) if len({line.who for line in dialogue}) <= len(present) - bool(leaver)
        ]
        chosen.append((random.choice(fitting), language))
        lines += len(chosen[-1][0])
    moments: list[Moment] = []
    for number, (begin, (dialogue, language)) in enumerate(
        zip(_beginnings(len(chosen), start, end, random), chosen, strict=True)
    ):
        if leaver in present and number > len(chosen) * 2 // 3:
            present.remove(leaver)
            moments.append(Moment(begin, event={"type": "left", "user": str(leaver.id), "by": str(leaver.id)}))
        moments += _spread_out(cast(dialogue, present, random, language=language), start=begin, random=random)
    return moments


def _essay(people: Sequence[User], random: Random) -> Spoken:
    """Ten thousand characters in one message."""
    pieces = [cast(random.choice(dialogues("long en")), people, random, language="long en")[0] for _ in range(12)]
    return Spoken(sender=pieces[0].sender, text="\n\n* * *\n\n".join(piece.text for piece in pieces))


def _beginnings(count: int, start: int, end: int, random: Random) -> list[int]:
    """Times at which dialogues begin, in order."""
    days = max(1, (end - start) // DAY_MS)
    times = [
        start + (random.randrange(days) * 24 + random.choices(range(24), HOURS)[0]) * 3_600_000 + random.randrange(3_600_000)
        for _ in range(count)
    ]
    return sorted(min(at, end) for at in times)


def _spread_out(lines: Sequence[Spoken], *, start: int, random: Random, upto: int | None = None) -> list[Moment]:
    """Lines half a minute or so apart; with `upto`, the last one then."""
    moments = []
    at = start
    for line in lines:
        moments.append(Moment(at, spoken=line))
        at += random.randrange(6_000, 60_000)
    if upto is None:
        return moments
    late = upto - moments[-1].at
    return [Moment(moment.at + late, spoken=moment.spoken) for moment in moments]


def _in_order(moments: list[Moment]) -> list[Moment]:
    """Dialogues that began in the middle of another wait for its end."""
    ordered: list[Moment] = []
    last = 0
    for moment in moments:
        last = max(moment.at, last + 1_500)
        ordered.append(Moment(last, spoken=moment.spoken, event=moment.event))
    return ordered
