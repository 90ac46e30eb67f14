"""A lease outlives a table that could not be read once."""

import asyncio

import pytest

from chatsite.coordination import shards as module
from chatsite.coordination.ballots import Table
from chatsite.coordination.shards import Shards
from chatsite.core.errors import Unavailable


async def test_a_read_that_failed_is_repeated_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    shards = Shards([], {"hosts": ["nowhere"], "port": 1, "keyspace": "none", "datacenter": "none"})
    outcomes: list[Table | Unavailable] = [Table(), Table(), Unavailable(), Table()]  # two at the start
    again = asyncio.Event()

    async def read() -> Table:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Unavailable):
            monkeypatch.setattr(module, "READ_EVERY_SECONDS", 3_600)
            raise outcome
        if not outcomes:
            again.set()
        return outcome

    monkeypatch.setattr(shards._ballots, "read", read)
    await shards.enter_all()
    async with asyncio.timeout(20):
        await again.wait()
    await shards.close()
