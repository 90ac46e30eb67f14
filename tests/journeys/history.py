"""What was asked of one conversation, when, with which answer, and what each device holds of it in the end."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Outcome = Literal["ok", "fail", "unknown"]
Event = dict[str, Any]
Span = tuple[int, int | None]  # first and last seq that somebody sees, the last None while they are in


class Key(NamedTuple):
    """What names a message besides its seq."""

    sender: str
    client_id: str


VOID = Key("", "")  # a seq that carries nothing and never will
Held = dict[int, Key]


@dataclass(slots=True)
class Send:
    """One send as its sender lived it; times are monotonic seconds. `ended_at` is infinite while the outcome is unknown.

    A retry under the same client id belongs to the same send, unless somebody else makes it at the same time.
    """

    sender: str
    client_id: str
    invoked_at: float = field(default_factory=time.monotonic)
    ended_at: float = float("inf")
    outcome: Outcome = "unknown"
    seq: int = 0
    text: str = ""

    @property
    def key(self) -> Key:
        return Key(self.sender, self.client_id)

    def succeed(self, seq: int) -> None:
        self.outcome, self.seq, self.ended_at = "ok", seq, time.monotonic()

    def fail(self) -> None:
        """It was refused for good: nothing of it may ever be seen."""
        self.outcome, self.ended_at = "fail", time.monotonic()


@dataclass
class Holding:
    """What one device of `user` holds, and what it saw that cannot be: a seq that changed under its eyes."""

    user: str
    held: Held = field(default_factory=dict)
    oddities: list[str] = field(default_factory=list)

    def take(self, seq: int, key: Key) -> None:
        known = self.held.setdefault(seq, key)
        if known != key:
            self.oddities.append(f"{seq} was {known} and is {key}")


@dataclass
class History:
    """All of one conversation. `events` are its system messages by seq, from which follows who sees what."""

    sends: list[Send] = field(default_factory=list)
    holdings: dict[str, Holding] = field(default_factory=dict)
    events: dict[int, Event] = field(default_factory=dict)

    _texts: dict[str, str] = field(default_factory=dict)  # by client id

    def invoke(self, sender: str, client_id: str, text: str = "") -> Send:
        self.sends.append(Send(sender, client_id, text=text))
        self._texts[client_id] = text
        return self.sends[-1]

    def holding(self, device: str, user: str) -> Holding:
        """That device's, begun empty at the first call."""
        return self.holdings.setdefault(device, Holding(user))

    def take(self, holding: Holding, message: Event) -> None:
        """A message, as the protocol shows it, has reached a device."""
        kind, seq = message["kind"], message["seq"]
        if kind == "event":
            self.events.setdefault(seq, message["event"])
        elif kind == "text" and not message.get("redacted_at") and message["text"] != self._texts.get(message["client_id"]):
            holding.oddities.append(f"{seq} says {message['text']!r}, which nobody wrote")
        holding.take(seq, VOID if kind == "void" else Key(message["sender"], message["client_id"]))

    def spans_of(self, user: str) -> list[Span]:
        """The seqs this person sees; all of them in a conversation that has no members' changes."""
        if not any(event["type"] == "created" for event in self.events.values()):
            return [(1, None)]
        spans: list[Span] = []
        for seq, event in sorted(self.events.items()):
            if event.get("user") != user:
                continue
            if event["type"] in {"created", "joined"}:
                spans.append((seq, None))
            elif event["type"] in {"left", "removed"}:
                spans[-1:] = [(first, seq) for first, _ in spans[-1:]]
        return spans


def seqs_of(spans: Iterable[Span], head: int) -> Iterator[int]:
    """Every seq in these spans up to `head`."""
    for first, last in spans:
        yield from range(first, min(head, head if last is None else last) + 1)


def within(spans: Iterable[Span], seq: int) -> bool:
    return any(first <= seq and (last is None or seq <= last) for first, last in spans)
