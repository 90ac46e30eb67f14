"""Named points at which a test stops, kills or pauses this very process; without the environment's leave they are nothing.

A test arms a point by a file in the directory CHATSITE_FAILPOINTS:
`{"point": "send.stored", "action": "kill", "match": {"conversation": "7"}}`.
Only a process that is also told CHATSITE_TEST_BUILD=1 looks there, so that one stray variable arms nothing.
"""

import asyncio
import json
import os
import signal
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

import msgspec

Bug = Literal["early_ack", "no_idempotency", "time_cursor"]


class Arming(msgspec.Struct, frozen=True):
    """What is to happen at `point`, `times` times: `stop` is SIGSTOP and `kill` SIGKILL to this process, `pause` waits for `seconds`.

    `match` narrows it to where each name was given with that value, or with that value among several.
    """

    point: str
    action: Literal["stop", "kill", "pause"]
    seconds: float = 0.0
    times: int = 1
    match: dict[str, str] = {}

    def fits(self, point: str, about: dict[str, set[str]]) -> bool:
        return self.point == point and all(value in about.get(name, ()) for name, value in self.match.items())


class _Armory:
    """The directory of armings. A used one is renamed from `….json` to `….reached`, before its action: whoever armed it can wait for that."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()

    def take(self, point: str, about: dict[str, object]) -> Arming | None:
        texts = {name: _as_texts(value) for name, value in about.items()}
        with self._lock:
            for path in sorted(self._directory.glob("*.json")):
                arming = msgspec.json.decode(path.read_bytes(), type=Arming)
                if arming.fits(point, texts):
                    self._count_down(path, arming)
                    return arming
        return None

    def _count_down(self, path: Path, arming: Arming) -> None:
        if arming.times > 1:
            arm(self._directory, path.stem, msgspec.structs.replace(arming, times=arming.times - 1))
        else:
            path.replace(path.with_suffix(".reached"))


def _as_texts(value: object) -> set[str]:
    return {str(one) for one in value} if isinstance(value, Iterable) and not isinstance(value, str) else {str(value)}


def _armory_of(environment: Mapping[str, str]) -> _Armory | None:
    directory = environment.get("CHATSITE_FAILPOINTS")
    return _Armory(Path(directory)) if directory and environment.get("CHATSITE_TEST_BUILD") == "1" else None


_armory = _armory_of(os.environ)
_planted = os.environ.get("CHATSITE_PLANT") if _armory is not None else None


async def reach(point: str, **about: object) -> None:
    """Says that `point` is reached, and in whose name: `await reach("send.stored", conversation=(job.conversation for job in jobs))`.

    A name may have several values; a generator costs next to nothing where points are nothing.
    """
    if _armory is None:
        return
    arming = _armory.take(point, about)
    if arming is not None and arming.action == "pause":
        await asyncio.sleep(arming.seconds)
    elif arming is not None:
        _act(arming)


def reach_now(point: str, **about: object) -> None:
    """The same where nothing can be awaited; a `pause` holds up the thread."""
    if _armory is None:
        return
    arming = _armory.take(point, about)
    if arming is not None and arming.action == "pause":
        time.sleep(arming.seconds)
    elif arming is not None:
        _act(arming)


def is_planted(bug: Bug) -> bool:
    """Whether a test runs this process with that bug put in, to see it caught."""
    return _planted is not None and _planted == bug


def arm(directory: Path, name: str, arming: Arming) -> None:
    """Writes the file as a whole, so that nobody reads half of it."""
    unfinished = directory / f"{name}.unfinished"
    unfinished.write_text(json.dumps(msgspec.to_builtins(arming)))
    unfinished.replace(directory / f"{name}.json")


def _act(arming: Arming) -> None:
    # To this thread: it takes effect before the call returns, where a signal to the process might come a step later.
    signal.pthread_kill(threading.get_ident(), signal.SIGSTOP if arming.action == "stop" else signal.SIGKILL)
