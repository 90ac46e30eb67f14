"""A lease outlives a table that could not be read once."""

import asyncio
from typing import Any

import pytest

from chatsite.coordination import shards as module
from chatsite.coordination.ballots import Table
from chatsite.coordination.shards import Shards
from chatsite.core.errors import Unavailable

pytestmark = pytest.mark.servers


async def test_a_read_that_failed_is_repeated_at_once(coordination: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    shards = Shards.open(urls=coordination["urls"], cassandra=coordination["cassandra"])
    await shards.enter_all()
    read, reads, again = shards._ballots.read, 0, asyncio.Event()

    async def fail_once() -> Table:
        nonlocal reads
        reads += 1
        if reads == 1:
            monkeypatch.setattr(module, "READ_EVERY_SECONDS", 3_600)
            raise Unavailable
        again.set()
        return await read()

    monkeypatch.setattr(shards._ballots, "read", fail_once)
    async with asyncio.timeout(20):
        await again.wait()
    await asyncio.sleep(0)
    await shards.close()
