"""Tickets on Redis shards, each on the shard that its digest picks."""

import hashlib
import secrets
from collections.abc import Sequence
from typing import NamedTuple

from chatsite.coordination.batch import ShardBatcher
from chatsite.coordination.shards import Script, Shards
from chatsite.core.cassandra import CassandraOptions
from chatsite.core.errors import Unavailable
from messaging.stores.tickets.base import Holder

SHARDS_ASKED_MAX = 5

_ISSUE = Script.beside(__file__, "lua/issue.lua")
_TAKE = Script.beside(__file__, "lua/take.lua")


class _Issued(NamedTuple):
    digest: str
    holder: str  # user, device, node
    ttl_ms: int


class RedisTickets:
    """The clocks of the shards decide when a ticket expires. One on a shard that is away cannot be taken: the device gets another."""

    def __init__(self, *, urls: Sequence[str], cassandra: CassandraOptions) -> None:
        self._shards = Shards.open(urls=urls, cassandra=cassandra)
        self._issuing: ShardBatcher[_Issued, int] = ShardBatcher(self._shards.count, self._issue)
        self._taking: ShardBatcher[str, bytes] = ShardBatcher(self._shards.count, self._take)

    async def close(self) -> None:
        await self._shards.close()

    async def issue(self, holder: Holder, *, node: str, ttl_seconds: float) -> str:
        """Draws until it has one of a shard that answers. Raises Unavailable."""
        away: set[int] = set()
        error = Unavailable()
        while len(away) < min(SHARDS_ASKED_MAX, self._shards.count):
            ticket = secrets.token_urlsafe(16)
            digest = _digest(ticket)
            shard = self._shard_of(digest)
            if shard in away:
                continue
            issued = _Issued(digest, f"{holder.user} {holder.device} {node}", round(ttl_seconds * 1_000))
            try:
                await self._issuing.ask(shard, issued)
            except Unavailable as failure:
                error = failure
                away.add(shard)
            else:
                return ticket
        raise error

    async def take(self, ticket: str, *, node: str) -> Holder | None:
        digest = _digest(ticket)
        found = (await self._taking.ask(self._shard_of(digest), digest)).decode()
        if not found:
            return None
        user, device, at = found.split(" ", 2)
        return Holder(int(user), int(device)) if at == node else None

    def _shard_of(self, digest: str) -> int:
        return self._shards.of(int(digest[:8], 16))

    async def _issue(self, shard: int, issued: list[_Issued]) -> Sequence[int]:
        answers: Sequence[int] = await self._shards.run(shard, _ISSUE, *(word for ticket in issued for word in ticket))
        return answers

    async def _take(self, shard: int, digests: list[str]) -> Sequence[bytes]:
        answers: Sequence[bytes] = await self._shards.run(shard, _TAKE, *digests)
        return answers


def _digest(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()
