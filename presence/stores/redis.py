"""Presence of many nodes on the shards of Redis. Each user is on one shard; what holds there is in lua/common.lua.

All times are those of the shard's own clock, so nodes need not agree about the time. A lease per node and shard decides whether those who are
connected there count; a sweep renews it. A heartbeat of a device costs Redis nothing.
"""

import asyncio
from collections.abc import Iterable, Sequence

from chatsite.coordination.shards import Shards
from chatsite.core.cassandra import CassandraOptions
from chatsite.core.clock import Clock
from presence.protocol import Presence
from presence.stores.base import Swept, Transition
from presence.stores.shard import PresenceShard

LEASE_SECONDS = 30.0


class RedisPresence:
    """`incarnation` names this start of this node: never the same twice. A `clock` stands for the shards' own, in tests that move it."""

    def __init__(
        self,
        *,
        urls: Sequence[str],
        cassandra: CassandraOptions,
        incarnation: str,
        lease_seconds: float = LEASE_SECONDS,
        clock: Clock | None = None,
    ) -> None:
        self._shards = Shards.open(urls=urls, cassandra=cassandra)
        self._parts = [
            PresenceShard(self._shards, number, incarnation=incarnation, lease_ms=round(lease_seconds * 1000), clock=clock)
            for number in range(self._shards.count)
        ]

    async def arrive(self, user: int, connection: str) -> list[Transition]:
        return await self._part(user).arrive(user, connection)

    async def leave(self, user: int, connection: str, *, grace_seconds: float) -> list[Transition]:
        return await self._part(user).leave(user, connection, grace_ms=round(grace_seconds * 1000))

    async def sweep(self) -> Swept:
        parts = await asyncio.gather(*(part.sweep() for part in self._parts))
        return Swept([one for part in parts for one in part.transitions], [one for part in parts for one in part.sights])

    async def watch(self, users: Sequence[int]) -> list[Presence]:
        groups = self._shards.by_shard(users)
        return _in_order(users, await asyncio.gather(*(self._parts[number].watch(some) for number, some in groups.items())))

    def unwatch(self, users: Sequence[int]) -> None:
        for number, some in self._shards.by_shard(users).items():
            self._parts[number].unwatch(some)

    async def look(self, users: Sequence[int]) -> list[Presence]:
        groups = self._shards.by_shard(users)
        return _in_order(users, await asyncio.gather(*(self._parts[number].look(some) for number, some in groups.items())))

    def note_use(self, user: int, device: int, *, is_active: bool) -> None:
        self._part(user).note_use(user, device, is_active=is_active)

    async def last_used(self, users: Sequence[int]) -> list[dict[int, int]]:
        groups = self._shards.by_shard(users)
        answers = await asyncio.gather(*(self._parts[number].last_used(some) for number, some in groups.items()))
        known = {
            user: used
            for some, answer in zip(groups.values(), answers, strict=True)
            for user, used in zip(some, answer, strict=True)
        }
        return [known[user] for user in users]

    async def close(self) -> None:
        await self._shards.close()

    def _part(self, user: int) -> PresenceShard:
        return self._parts[self._shards.of(user)]


def _in_order(users: Sequence[int], answers: Iterable[list[Presence]]) -> list[Presence]:
    known = {presence.user: presence for answer in answers for presence in answer}
    return [known[user] for user in users if user in known]
