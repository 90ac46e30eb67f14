"""Presence on one shard of Redis, as one process says it there and hears of it.

What is said is a wish to be reached, not a step: this user is here, or not. So whatever failed is said again at the next sweep, and a shard
that lost everything is told everything, without anybody keeping a log.
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

from chatsite.coordination.shards import Script, Shards
from chatsite.core.clock import Clock
from chatsite.core.errors import Unavailable
from presence.protocol import Presence
from presence.stores.base import Swept, Transition

BATCH = 500  # users in one call: a shard serves nobody else meanwhile
ROUNDS = 20  # calls in one sweep
HERE = ""


def _script(name: str) -> Script:
    return Script.beside(__file__, "lua/common.lua", f"lua/{name}.lua")


SAY, WATCH, LOOK, SWEEP = _script("say"), _script("watch"), _script("look"), _script("sweep")
USE, LAST_USED = _script("use"), _script("last_used")


class PresenceShard:
    """Calls that change something follow each other: one is under way at a time, and takes along what came meanwhile."""

    def __init__(self, shards: Shards, number: int, *, incarnation: str, lease_ms: int, clock: Clock | None) -> None:
        self._shards = shards
        self._number = number
        self._incarnation = incarnation
        self._lease_ms = lease_ms
        self._clock = clock
        self._here: dict[int, set[str]] = {}
        self._unsaid: dict[int, int] = {}  # users → grace period (ms) if they are not here any more
        self._watched: set[int] = set()
        self._unwatched: set[int] = set()  # and the shard does not know yet
        self._in_use: set[tuple[int, int]] = set()  # (user, device)
        self._use_unsaid: set[tuple[int, int]] = set()
        self._told: dict[int, int] = {}  # news of the last sweep → the state that was told
        self._lock = asyncio.Lock()
        self._order = 0
        self._is_away = False  # then nobody waits for it: only sweeps try
        self._must_repeat = False  # the shard may have lost what we said
        self._was_blank = False

    # --- What happens here ----------------------------------------------------------------------------------------------

    async def arrive(self, user: int, connection: str) -> list[Transition]:
        connections = self._here.setdefault(user, set())
        is_first = not connections
        connections.add(connection)
        return await self._say_soon(user, 0) if is_first else []

    async def leave(self, user: int, connection: str, *, grace_ms: int) -> list[Transition]:
        connections = self._here.get(user, set())
        if connection not in connections:
            return []
        connections.discard(connection)
        if connections:
            return []
        del self._here[user]
        return await self._say_soon(user, grace_ms)

    async def watch(self, users: Sequence[int]) -> list[Presence]:
        self._watched.update(users)
        self._unwatched.difference_update(users)
        if self._is_away:
            return []
        try:
            return await self._watch(users)
        except Unavailable:
            return []

    def unwatch(self, users: Iterable[int]) -> None:
        for user in users:
            if user in self._watched:
                self._watched.discard(user)
                self._unwatched.add(user)

    def note_use(self, user: int, device: int, *, is_active: bool) -> None:
        (self._in_use.add if is_active else self._in_use.discard)((user, device))
        self._use_unsaid.add((user, device))

    async def last_used(self, users: Sequence[int]) -> list[dict[int, int]]:
        found: list[dict[int, int]] = []
        for start in range(0, len(users), BATCH):
            answers = await self._run(LAST_USED, 0, *users[start : start + BATCH])
            found += [{int(device): int(at) for device, at in zip(used[::2], used[1::2], strict=True)} for used in answers]
        return found

    async def look(self, users: Sequence[int]) -> list[Presence]:
        try:
            return await self._look(users)
        except Unavailable:
            return []

    async def sweep(self) -> Swept:
        swept = Swept([], [])
        with suppress(Unavailable):  # what was found until then is found
            await self._sweep(swept)
        return swept

    # --- What the shard is told -----------------------------------------------------------------------------------------

    async def _sweep(self, swept: Swept) -> None:
        is_blank = False
        for _ in range(ROUNDS):
            is_blank, more = await self._clear(swept)
            if not more:
                break
        self._is_away = False
        if self._must_repeat:
            self._must_repeat = False
            self._unsaid |= dict.fromkeys(self._here, 0)
            self._use_unsaid |= self._in_use
            swept.sights.extend(await self._watch(tuple(self._watched)))
        elif self._unwatched:
            await self._watch(())
        swept.transitions.extend(await self._say())
        await self._say_use()
        self._was_blank = self._was_blank or is_blank
        if self._was_blank and not is_blank:  # whoever was not said to be here by now is offline, and nobody told
            swept.sights.extend(await self._look(tuple(self._watched)))
            self._was_blank = False

    async def _clear(self, swept: Swept) -> tuple[bool, bool]:
        """Once through the script; what the shard's news were is acknowledged by the next."""
        told = [word for pair in self._told.items() for word in pair]
        moment, changes, news, is_blank, more = await self._change(SWEEP, BATCH, *told)
        self._told = {int(user): state for user, state, _ in news}
        swept.transitions.extend(_transitions(moment, changes))
        swept.sights.extend(_presences(moment, news))
        return bool(is_blank), bool(more)

    async def _say_soon(self, user: int, grace_ms: int) -> list[Transition]:
        self._unsaid[user] = grace_ms
        if self._is_away:
            return []
        try:
            return await self._say()
        except Unavailable:
            return []

    async def _say(self) -> list[Transition]:
        transitions: list[Transition] = []
        async with self._lock:
            while self._unsaid and not self._is_away:
                said = {user: self._word(user, grace) for user, grace in islice(self._unsaid.items(), BATCH)}
                words = [word for pair in said.items() for word in pair]
                moment, changes = await self._change(SAY, *words)
                transitions += _transitions(moment, changes)
                for user, word in said.items():
                    if self._word(user, self._unsaid[user]) == word:  # else it changed while we spoke
                        del self._unsaid[user]
        return transitions

    async def _say_use(self) -> None:
        async with self._lock:
            while self._use_unsaid and not self._is_away:
                said = set(islice(self._use_unsaid, BATCH))
                self._use_unsaid -= said
                words = [word for user, device in said for word in (user, device, int((user, device) in self._in_use))]
                try:
                    await self._change(USE, *words)
                except Unavailable:
                    self._use_unsaid |= said
                    raise

    def _word(self, user: int, grace_ms: int) -> str | int:
        return HERE if user in self._here else grace_ms

    async def _watch(self, users: Sequence[int]) -> list[Presence]:
        """Also tells whom we no longer watch."""
        presences: list[Presence] = []
        async with self._lock:
            for start in range(0, max(len(users), 1), BATCH):
                some = users[start : start + BATCH]
                unwatched = list(islice(self._unwatched, BATCH))
                self._unwatched.difference_update(unwatched)
                try:
                    moment, standings = await self._change(WATCH, len(some), *some, *unwatched)
                except Unavailable:
                    self._unwatched |= set(unwatched) - self._watched
                    raise
                presences += _presences(moment, standings)
        return presences

    async def _look(self, users: Sequence[int]) -> list[Presence]:
        presences: list[Presence] = []
        for start in range(0, len(users), BATCH):
            moment, standings = await self._run(LOOK, 0, *users[start : start + BATCH])
            presences += _presences(moment, standings)
        return presences

    async def _change(self, script: Script, *arguments: str | int) -> Any:
        """Numbered, so that a call that was cut off and arrives late is told from the present one. Also renews the lease."""
        self._order += 1
        try:
            fresh, *answer = await self._run(script, self._order, *arguments)
        except BaseException as error:  # it may have been done, and may have come too late for our lease
            self._must_repeat = True
            self._is_away = self._is_away or isinstance(error, Unavailable)
            raise
        self._must_repeat = self._must_repeat or bool(fresh)
        return answer

    async def _run(self, script: Script, order: int, *arguments: str | int) -> Any:
        now = "" if self._clock is None else self._clock.now_ms()
        return await self._shards.run(self._number, script, now, self._lease_ms, self._incarnation, order, *arguments)


def _transitions(moment: list[bytes], changes: list[Any]) -> list[Transition]:
    nodes = [tuple(node.decode() for node in watching) for *_, watching in changes]
    presences = _presences(moment, [standing for *standing, _ in changes])
    return [Transition(presence, watching) for presence, watching in zip(presences, nodes, strict=True)]


def _presences(moment: list[bytes], standings: Iterable[Any]) -> list[Presence]:
    """Those of which the shard knows."""
    epoch, turn = (int(part) for part in moment)
    return [
        Presence(int(user), state == 1, None if at is None else int(at), (epoch, turn))
        for user, state, at in standings
        if state >= 0
    ]
