"""The shards of the coordination layer: where a conversation or a user lives, and calls there.

A shard may lose all it has at any moment; what it held can be rebuilt from history or does no harm when lost. Nodes acknowledge nothing
unless they have read the table of lives within the last seconds (`may_acknowledge`): so whoever begins a new life elsewhere knows when no
node goes by the old one any more.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from chatsite.coordination.ballots import Ballots, Table
from chatsite.coordination.script import Script
from chatsite.coordination.shard import Renewed, Shard
from chatsite.core.cassandra import CassandraOptions
from chatsite.core.clock import clock
from chatsite.core.errors import Unavailable

logger = logging.getLogger(__name__)

LEASE_SECONDS = 3.0
READ_EVERY_SECONDS = 1.0
READ_AGAIN_SECONDS = 0.1  # after a read that failed: the lease has room for two of those

__all__ = ["Renewed", "Script", "Shards"]


class Shards:
    """`Shards.open(…)` gives every adapter of one process the same one; it connects at its first use, in the loop that uses it."""

    _open: ClassVar[dict[str, "Shards"]] = {}

    def __init__(self, urls: Sequence[str], cassandra: CassandraOptions) -> None:
        self._users = 0
        self._ballots = Ballots(cassandra)
        self._shards = [Shard(number, url, self._ballots) for number, url in enumerate(urls)]
        self._table = Table()
        self._read_at = float("-inf")
        self._reader: asyncio.Task[None] | None = None
        self._entering = asyncio.Lock()

    @classmethod
    def open(cls, *, urls: Sequence[str], cassandra: CassandraOptions) -> "Shards":
        key = repr((list(urls), sorted(cassandra.items())))
        shards = cls._open.get(key)
        if shards is None:
            shards = cls._open[key] = cls(urls, cassandra)
        shards._users += 1
        return shards

    async def close(self) -> None:
        self._users -= 1
        if self._users > 0:
            return
        for key, known in list(self._open.items()):
            if known is self:
                del self._open[key]
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        for shard in self._shards:
            shard.close()
        await self._ballots.close()

    @property
    def count(self) -> int:
        return len(self._shards)

    def of(self, key: int) -> int:
        """The shard of a conversation, a user, a device. Ids differ in their time most, which is above their low bits: those are mixed in."""
        return (key ^ key >> 22) % len(self._shards)

    def by_shard(self, keys: Iterable[int]) -> dict[int, list[int]]:
        """The same keys, grouped; their order within a shard stays."""
        grouped: dict[int, list[int]] = {}
        for key in keys:
            grouped.setdefault(self.of(key), []).append(key)
        return grouped

    async def run(self, shard: int, script: Script, *arguments: str | int | bytes, epoch: int | None = None) -> Any:
        """What the script answers. Raises Unavailable: away, or frozen; with an `epoch` Renewed, when that life is over."""
        if self._reader is None:
            await self.enter_all()
        return await self._shards[shard].run(script, arguments, epoch=epoch)

    async def enter(self, shard: int) -> int:
        """The epoch of that shard's present life, which is begun if need be. Raises Unavailable."""
        if self._reader is None:
            await self.enter_all()
        return self._shards[shard].epoch or await self._shards[shard].enter()

    def is_entered(self, shard: int) -> bool:
        """Whether `enter` would not have to wait."""
        return self._reader is not None and self._shards[shard].epoch != 0

    async def enter_all(self) -> None:
        """At the start: shards that can be reached are in a life before anything is said about epochs. Raises Unavailable."""
        async with self._entering:
            if self._reader is not None:
                return
            await self._read()
            for found in await asyncio.gather(*(shard.enter() for shard in self._shards), return_exceptions=True):
                if isinstance(found, BaseException) and not isinstance(found, Unavailable):
                    raise found
            await self._read()
            self._reader = asyncio.create_task(self._read_for_ever())

    def epoch_of(self, shard: int) -> int:
        """As last read; 0 for one that never lived."""
        life = self._table.lives.get(shard)
        return life.epoch if life else 0

    @property
    def highest_epoch(self) -> int:
        """Over all shards, as last read."""
        return self._table.last

    @property
    def settled_epoch(self) -> int:
        """The highest of which it is known that no earlier life of any shard goes on: the first half of a cursor.

        Between the decision for a life and its beginning, the earlier one may still take what will be lost with it.
        """
        begun = {shard.number: shard.confirmed for shard in self._shards}
        return min(
            (life.epoch - 1 for number, life in self._table.lives.items() if life.epoch > begun.get(number, 0)),
            default=self._table.last,
        )

    def opened_after(self, epoch: int) -> tuple[int, ...]:
        """Shards that have begun a new life since."""
        return tuple(shard for shard, life in self._table.lives.items() if life.epoch > epoch)

    def may_acknowledge(self) -> bool:
        """Whether the table was read within the lease. Asked after a commit, before anybody is told."""
        return clock.monotonic() - self._read_at < LEASE_SECONDS

    async def _read(self) -> None:
        began = clock.monotonic()
        self._table = await self._ballots.read()
        self._read_at = began
        for shard in self._shards:
            life = self._table.lives.get(shard.number)
            if life is not None:
                shard.follow(life.address)
            if life is None or life.epoch != shard.epoch:
                shard.doubt(shard.epoch)

    async def _read_for_ever(self) -> None:
        pause = READ_EVERY_SECONDS
        while True:
            await asyncio.sleep(pause)
            pause = READ_AGAIN_SECONDS
            try:
                await self._read()
                pause = READ_EVERY_SECONDS
            except Unavailable:
                logger.warning("the table of shards cannot be read; nothing is acknowledged from %.0f s on", LEASE_SECONDS)
            except Exception:  # without this task nothing would ever be acknowledged again
                logger.exception("the table of shards cannot be read")
