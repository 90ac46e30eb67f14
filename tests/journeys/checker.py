"""What must hold after any run, whatever was killed meanwhile: checks a history of sends against the lists that devices hold."""

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["ok", "fail", "unknown"]
Held = dict[int, tuple[str, str]]  # seq → sender and client id


@dataclass
class Send:
    """One send as its sender lived it; times are monotonic seconds. `ended_at` is infinite while the outcome is unknown."""

    sender: str
    client_id: str
    invoked_at: float = field(default_factory=time.monotonic)
    ended_at: float = float("inf")
    outcome: Outcome = "unknown"
    seq: int = 0

    def succeed(self, seq: int) -> None:
        self.outcome, self.seq, self.ended_at = "ok", seq, time.monotonic()

    def fail(self) -> None:
        self.outcome, self.ended_at = "fail", time.monotonic()


@dataclass
class History:
    """All sends of one conversation, and what each device of each member holds of it in the end; `first` is each device's first visible seq."""

    sends: list[Send] = field(default_factory=list)
    held: dict[str, Held] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)

    def invoke(self, sender: str, client_id: str) -> Send:
        self.sends.append(Send(sender, client_id))
        return self.sends[-1]


def complaints(history: History) -> list[str]:
    """Everything that is wrong; empty is what we want."""
    return [
        *_lost(history),
        *_holes(history),
        *_duplicates(history),
        *_differences(history),
        *_out_of_order(history),
        *_ghosts(history),
    ]


def _lost(history: History) -> list[str]:
    """Acked ⊆ held, under the acked seq."""
    return [
        f"{device} lacks {send.client_id} acked as {send.seq}"
        for send in history.sends
        if send.outcome == "ok"
        for device, held in history.held.items()
        if send.seq >= history.first.get(device, 1) and held.get(send.seq) != (send.sender, send.client_id)
    ]


def _holes(history: History) -> list[str]:
    return [
        f"{device} holds {sorted(held)[:5]}…: not every seq from {history.first.get(device, 1)} on"
        for device, held in history.held.items()
        if sorted(held) != list(range(history.first.get(device, 1), history.first.get(device, 1) + len(held)))
    ]


def _duplicates(history: History) -> list[str]:
    return [
        f"{device} holds {key} {count} times"
        for device, held in history.held.items()
        for key, count in Counter(held.values()).items()
        if count > 1
    ]


def _differences(history: History) -> list[str]:
    longest = max(history.held.values(), key=len, default={})
    return [
        f"{device} differs at {seq}: {held.get(seq)} is {message} elsewhere"
        for device, held in history.held.items()
        for seq, message in longest.items()
        if seq >= history.first.get(device, 1) and held.get(seq) != message
    ]


def _out_of_order(history: History) -> list[str]:
    """ok(a) before invoke(b) ⇒ seq(a) < seq(b)."""
    done = sorted((send for send in history.sends if send.outcome == "ok"), key=lambda send: send.invoked_at)
    found = []
    highest, ended = 0, sorted(done, key=lambda send: send.ended_at)
    position = 0
    for send in done:
        while position < len(ended) and ended[position].ended_at < send.invoked_at:
            highest = max(highest, ended[position].seq)
            position += 1
        if send.seq <= highest:
            found.append(f"{send.client_id} began after {highest} was acked and got {send.seq}")
    return found


def _ghosts(history: History) -> list[str]:
    """Nobody holds what nobody sent, nor what its sender was told had failed."""
    known = {(send.sender, send.client_id): send.outcome for send in history.sends}
    return [
        f"{device} holds {key} at {seq}, which {'failed' if key in known else 'nobody sent'}"
        for device, held in history.held.items()
        for seq, key in held.items()
        if known.get(key, "nobody") not in {"ok", "unknown"}
    ]
