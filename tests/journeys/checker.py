"""What must hold after any run, whatever was killed meanwhile: checks the history of a conversation against what devices hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from tests.journeys.history import VOID, Held, History, Key, seqs_of, within

MOST = 20  # of each kind: a device that lacks everything would fill the screen


@dataclass(frozen=True)
class _Case:
    """A history and what follows from it: every message that anybody holds, and the seqs each device is to hold."""

    history: History
    everything: Held
    visible: dict[str, set[int]]


def complaints(history: History) -> list[str]:
    """Everything that is wrong; empty is what we want."""
    case = _case(history)
    rules = (_lost, _holes, _duplicates, _differences, _oddities, _out_of_order, _ghosts, _outsiders)
    return [complaint for rule in rules for complaint in islice(rule(case), MOST)]


def _case(history: History) -> _Case:
    everything: Held = {}
    for holding in history.holdings.values():
        everything = holding.held | everything
    acked = (send.seq for send in history.sends if send.outcome == "ok")
    head = max((max(everything, default=0), max(acked, default=0)))
    visible = {device: set(seqs_of(history.spans_of(holding.user), head)) for device, holding in history.holdings.items()}
    return _Case(history, everything, visible)


def _lost(case: _Case) -> Iterator[str]:
    """Acked ⊆ held, by every device that sees it, under the acked seq."""
    acked = {send.seq: send.key for send in case.history.sends if send.outcome == "ok"}
    for send in case.history.sends:
        if send.outcome == "ok" and acked[send.seq] != send.key:
            yield f"{send.key} and {acked[send.seq]} were both acked as {send.seq}"
    for device, holding in case.history.holdings.items():
        for seq in sorted(case.visible[device] & acked.keys()):
            if holding.held.get(seq) != acked[seq]:
                yield f"{device} lacks {acked[seq]}, acked as {seq}"


def _holes(case: _Case) -> Iterator[str]:
    """Seqs are dense: what carries nothing is held as a void."""
    for device, holding in case.history.holdings.items():
        for seq in sorted(case.visible[device] - holding.held.keys()):
            yield f"{device} has a hole at {seq}"


def _duplicates(case: _Case) -> Iterator[str]:
    """One message per (sender, client id), whoever holds it: also what nobody got an answer for."""
    places: dict[Key, set[int]] = {}
    for holding in case.history.holdings.values():
        for seq, key in holding.held.items():
            places.setdefault(key, set()).add(seq)
    for send in case.history.sends:
        if send.outcome == "ok":
            places.setdefault(send.key, set()).add(send.seq)
    for key, seqs in places.items():
        if key != VOID and len(seqs) > 1:
            yield f"{key} stands at {sorted(seqs)}"


def _differences(case: _Case) -> Iterator[str]:
    """What two devices hold at one seq is the same."""
    for device, holding in case.history.holdings.items():
        if not holding.held.items() <= case.everything.items():
            for seq, key in holding.held.items():
                if case.everything[seq] != key:
                    yield f"{device} holds {key} at {seq}, others {case.everything[seq]}"


def _oddities(case: _Case) -> Iterator[str]:
    for device, holding in case.history.holdings.items():
        yield from (f"{device}: {oddity}" for oddity in holding.oddities)


def _out_of_order(case: _Case) -> Iterator[str]:
    """ok(a) before invoke(b) ⇒ seq(a) < seq(b). What is sent again under its client id began with the first try."""
    began: dict[Key, float] = {}
    for send in case.history.sends:
        began[send.key] = min(send.invoked_at, began.get(send.key, send.invoked_at))
    done = [send for send in case.history.sends if send.outcome == "ok"]
    ended = iter(sorted(done, key=lambda send: send.ended_at))
    following, highest, whose = next(ended, None), 0, VOID
    for send in sorted(done, key=lambda send: began[send.key]):
        while following is not None and following.ended_at < began[send.key]:
            if following.seq > highest:
                highest, whose = following.seq, following.key
            following = next(ended, None)
        if send.seq <= highest:
            yield f"{send.key} began after {whose} was acked as {highest}, and got {send.seq}"


def _ghosts(case: _Case) -> Iterator[str]:
    """Nobody holds what nobody sent, nor what its sender was told had failed. System messages are the server's own."""
    outcomes: dict[Key, set[str]] = {}
    for send in case.history.sends:
        outcomes.setdefault(send.key, set()).add(send.outcome)
    for seq, key in case.everything.items():
        if key != VOID and seq not in case.history.events and not outcomes.get(key, set()) & {"ok", "unknown"}:
            yield f"{key} at {seq} {'was refused' if key in outcomes else 'was sent by nobody'}"


def _outsiders(case: _Case) -> Iterator[str]:
    """Nothing comes to, or from, who is not in."""
    for device, holding in case.history.holdings.items():
        for seq in sorted(holding.held.keys() - case.visible[device]):
            yield f"{device} of {holding.user} holds {seq}, which is not theirs to see"
    users = {key.sender for key in case.everything.values()} - {VOID.sender}
    spans = {user: case.history.spans_of(user) for user in users}
    for seq, key in case.everything.items():
        if key != VOID and seq not in case.history.events and not within(spans[key.sender], seq):
            yield f"{key} at {seq} is of somebody who was not in"
