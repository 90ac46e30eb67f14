"""Inboxes on Redis shards: a stream a user, on the user's shard.

A cursor is `g.position`: g is the highest epoch that was settled when it was given, position that of an entry. A shard that was opened since,
that is with an epoch above g, lost what it had. If it is the user's own, the whole cursor is lost; of another it is told in `Slice.renewed`,
since notes of conversations there may have been lost before they became entries.
"""

import asyncio
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chatsite.coordination.batch import ShardBatcher
from chatsite.coordination.shards import Script, Shards
from chatsite.core.cassandra import CassandraOptions
from chatsite.core.clock import Clock
from chatsite.core.errors import Unavailable
from chatsite.core.together import together
from messaging.stores.inbox.acknowledgements import Acknowledgements
from messaging.stores.inbox.base import Acknowledgement, Entry, EntryKind, Lost, Reach, Slice, Spread
from messaging.stores.inbox.places import INBOX_SECONDS, Place, Places

ENTRIES_MAX = 5_000
USERS_AT_ONCE = 500
READS_AT_ONCE = 8
TRIM_EVERY_SECONDS = 3_600.0
NODE_SECONDS = 90.0

_SPREAD = Script.beside(__file__, "lua/position.lua", "lua/spread.lua")
_READ = Script.beside(__file__, "lua/position.lua", "lua/read.lua")
_CLAIM_TRIM = Script.beside(__file__, "lua/claim_trim.lua")
_TRIM = Script.beside(__file__, "lua/trim.lua")

_CURSOR = re.compile(r"([0-9]{1,15})\.([0-9]{1,15}-[0-9]{1,15})")
_LETTERS: dict[EntryKind, str] = {"message": "m", "conversation": "c", "read": "r", "contacts": "p"}
_KINDS: dict[bytes, EntryKind] = {letter.encode(): kind for kind, letter in _LETTERS.items()}


class _Part(NamedTuple):
    """One entry for those of its users who live on one shard; `spread` tells whose."""

    spread: int
    entry: Entry
    users: Sequence[int]


class _Read(NamedTuple):
    user: int
    position: str
    limit: int


class _Found(NamedTuple):
    what: bytes  # ok, trimmed or unknown
    last: Place
    entries: list[tuple[bytes, list[bytes]]]


class RedisInbox:
    """Without a `clock` the clocks of the shards count, so that those of nodes may differ. `refresh` must be called every second or so."""

    def __init__(
        self,
        *,
        urls: Sequence[str],
        cassandra: CassandraOptions,
        clock: Clock | None = None,
        trim_every_seconds: float = TRIM_EVERY_SECONDS,
        node_seconds: float = NODE_SECONDS,
    ) -> None:
        self._shards = Shards.open(urls=urls, cassandra=cassandra)
        self._clock = clock
        self._trim_every_ms = round(trim_every_seconds * 1_000)
        self._places = Places(self._shards, now=self._now, node_seconds=node_seconds)
        self._acknowledgements = Acknowledgements(self._shards)
        self._reads: ShardBatcher[_Read, _Found] = ShardBatcher(self._shards.count, self._call_read, most=READS_AT_ONCE)

    async def close(self) -> None:
        await self._shards.close()

    async def spread(self, spreads: Sequence[Spread]) -> list[Reach]:
        parts: dict[int, list[_Part]] = {}
        for index, spread in enumerate(spreads):
            for shard, users in self._shards.by_shard(spread.users).items():
                parts.setdefault(shard, []).append(_Part(index, spread.entry, users))
        nodes: list[set[str]] = [set() for _ in spreads]
        missed: set[int] = set()
        await together([self._append(shard, some, nodes, missed) for shard, some in parts.items()])
        return [Reach(tuple(names), complete=index not in missed) for index, names in enumerate(nodes)]

    async def _append(self, shard: int, parts: list[_Part], nodes: list[set[str]], missed: set[int]) -> None:
        for call in _calls(parts):
            words = [word for part in call for word in _words(part)]
            try:
                epoch, named, positions = await self._shards.run(
                    shard, _SPREAD, self._now(), ENTRIES_MAX, INBOX_SECONDS, len(call), *words
                )
            except Unavailable:
                missed.update(part.spread for part in call)
                continue
            for part, names, position in zip(call, named, positions, strict=True):
                nodes[part.spread].update(name.decode() for name in names)
                self._places.learn(part.users, Place.of(epoch, position))

    async def register(self, user: int, node: str) -> None:
        await self._places.register(user, node)

    async def unregister(self, user: int, node: str) -> None:
        await self._places.unregister(user, node)

    async def refresh(self, *, fully: bool = False) -> None:
        await self._places.refresh(fully=fully)

    async def nodes_of(self, users: Sequence[int]) -> tuple[str, ...]:
        return await self._places.nodes_of(users)

    async def cursor(self, user: int) -> str:
        await self._shards.enter(self._shards.of(user))
        settled = self._shards.settled_epoch  # before we look: a shard opened after that is told by the next read
        return f"{settled}.{(await self._places.last(user)).position}"

    def known_cursor(self, user: int) -> str | None:
        if not self._shards.is_entered(self._shards.of(user)):
            return None
        settled, known = self._shards.settled_epoch, self._places.known(user)
        return None if known is None else f"{settled}.{known.position}"

    async def read(self, user: int, *, cursor: str, limit: int) -> Slice | Lost:
        parsed = _CURSOR.fullmatch(cursor)
        if not parsed:
            return Lost(await self.cursor(user), "unknown")
        given, position = int(parsed[1]), parsed[2]
        shard = self._shards.of(user)
        await self._shards.enter(shard)
        settled, renewed = self._shards.settled_epoch, self._shards.opened_after(given)
        found = await self._reads.ask(shard, _Read(user, position, limit))
        self._places.learn([user], found.last)
        here = f"{settled}.{found.last.position}"
        if given > self._shards.highest_epoch or found.last.epoch > given:
            return Lost(here, "epoch")
        if found.what != b"ok":
            return Lost(here, "trimmed" if found.what == b"trimmed" else "unknown")
        entries = found.entries[:limit]
        reached = entries[-1][0].decode() if entries else position
        return Slice([_entry(fields) for _, fields in entries], f"{settled}.{reached}", len(found.entries) > limit, renewed)

    async def _call_read(self, shard: int, reads: list[_Read]) -> list[_Found]:
        words = (word for read in reads for word in (read.user, read.position, read.limit + 1))
        epoch, *found = await self._shards.run(shard, _READ, self._now(), INBOX_SECONDS, *words)
        return [_Found(what, Place.of(epoch, last), entries) for what, last, entries in found]

    async def acknowledge(self, acknowledgements: Sequence[Acknowledgement]) -> None:
        await self._acknowledgements.acknowledge(acknowledgements)

    async def acknowledged(self, devices: Sequence[int], conversation: int) -> list[int]:
        return await self._acknowledgements.acknowledged(devices, conversation)

    async def trim(self, *, keep_entries: int, keep_after: int) -> None:
        """Once in a while, by whichever node comes first. Between, `spread` holds the bound, and inboxes without entries expire."""
        trims = (self._trim(shard, keep_entries, keep_after) for shard in range(self._shards.count))
        for failure in await asyncio.gather(*trims, return_exceptions=True):
            if failure is not None:
                raise failure

    async def _trim(self, shard: int, keep_entries: int, keep_after: int) -> None:
        if self._trim_every_ms and not await self._shards.run(shard, _CLAIM_TRIM, self._trim_every_ms):
            return
        step = await self._shards.run(shard, _TRIM, "0", keep_entries, keep_after, INBOX_SECONDS)
        while step != b"0":
            step = await self._shards.run(shard, _TRIM, step, keep_entries, keep_after, INBOX_SECONDS)

    def _now(self) -> str:
        """Empty for the shard's own clock."""
        return str(self._clock.now_ms()) if self._clock else ""


def _calls(parts: Sequence[_Part]) -> Iterator[list[_Part]]:
    """Parts together that keep a shard busy for no longer than others may wait."""
    call: list[_Part] = []
    count = 0
    for part in parts:
        for start in range(0, len(part.users), USERS_AT_ONCE):
            users = part.users[start : start + USERS_AT_ONCE]
            if call and count + len(users) > USERS_AT_ONCE:
                yield call
                call, count = [], 0
            call.append(part._replace(users=users))
            count += len(users)
    if call:
        yield call


def _words(part: _Part) -> Iterator[str | int]:
    entry = part.entry
    yield from (_LETTERS[entry.kind], entry.conversation, entry.seq, len(part.users))
    yield from part.users


def _entry(fields: Sequence[bytes]) -> Entry:
    """From k, kind, c, conversation, s, seq."""
    return Entry(_KINDS[fields[1]], int(fields[3]), int(fields[5]))
