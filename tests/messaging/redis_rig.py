"""The Redis adapters of the inbox and of receipts, as the contract suites want them, and ways to harm their shards."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from redis.asyncio import Redis

from messaging.stores.inbox.redis import RedisInbox
from messaging.stores.receipts.redis import RedisReceipts
from tests.contracts.rig import Rig, some_id
from tests.servers import Services


class RedisRig(Rig):
    """Trims whenever it is told to, and stores marks at the next flush."""

    inbox: RedisInbox
    receipts: RedisReceipts

    def __init__(self, coordination: dict[str, Any]) -> None:
        super().__init__()
        self.coordination = coordination

    async def open(self) -> None:
        self.inbox = RedisInbox(**self.coordination, clock=self.clock, trim_every_seconds=0)
        self.receipts = RedisReceipts(**self.coordination, store_after_seconds=0)

    async def close(self) -> None:
        await self.receipts.close()
        await self.inbox.close()

    def shard_of(self, key: int) -> int:
        return self.inbox._shards.of(key)

    def id_on(self, shard: int) -> int:
        """An id that no other test uses, of that shard."""
        while self.shard_of(found := some_id()) != shard:
            pass
        return found

    async def empty(self, shard: int) -> None:
        """What an operator's FLUSHALL does."""
        async with Redis.from_url(self.coordination["urls"][shard]) as client:
            await client.flushall()


@contextmanager
def frozen(services: Services, shard: int) -> Iterator[None]:
    """A shard that answers nothing for as long as the test likes."""
    pid = services.pid(f"redis-shard-{shard + 1}")
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def full(coordination: dict[str, Any], shard: int) -> AsyncIterator[None]:
    """A shard that has no memory for anything new."""
    async with Redis.from_url(coordination["urls"][shard], decode_responses=True) as client:
        before = (await client.config_get("maxmemory"))["maxmemory"] or 0
        await client.config_set("maxmemory", 1)
        try:
            yield
        finally:
            await client.config_set("maxmemory", before)


async def rested() -> None:
    """Nobody asks a shard for a moment after it did not answer."""
    await asyncio.sleep(0.3)
