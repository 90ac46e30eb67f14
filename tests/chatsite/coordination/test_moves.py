"""A shard begins its next life only when nobody goes by the earlier one any more, whoever died or slept half way."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from chatsite.coordination.ballots import Ballots, Table
from chatsite.coordination.shard import Shard
from chatsite.core.cassandra import CassandraOptions, CassandraSession
from chatsite.core.clock import clock
from chatsite.core.errors import Unavailable
from tests.shards import Shards

pytestmark = [pytest.mark.servers, pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")]

_TABLE = """CREATE TABLE {keyspace}.shard (part text, shard int, last int static, epoch int, address text, PRIMARY KEY (part, shard))"""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shards]:
    """Two processes, both of which are at one time or another the same shard."""
    servers = Shards(tmp_path_factory.mktemp("moves"))
    try:
        servers.up()
        yield servers
    finally:
        servers.down()


@pytest.fixture
async def options(coordination: dict[str, Any]) -> AsyncIterator[CassandraOptions]:
    """A table of lives of the test's own."""
    known: CassandraOptions = coordination["cassandra"]
    keyspace = f"moves_{uuid4().hex[:8]}"
    session = CassandraSession.open(known)
    replication = "{'class': 'SimpleStrategy', 'replication_factor': 1}"
    await session.write([(f"CREATE KEYSPACE {keyspace} WITH replication = {replication}", ())])
    await session.write([(_TABLE.format(keyspace=keyspace), ())])
    yield {**known, "keyspace": keyspace}
    await session.write([(f"DROP KEYSPACE {keyspace}", ())])
    await session.close()


class Sleepy(Ballots):
    """Of a node that sleeps between a decision and what follows from it, while others go on."""

    others: Any = None

    async def begin(self, shard: int, address: str, table: Table, *, is_moving: bool = False) -> int | None:
        begun = await super().begin(shard, address, table, is_moving=is_moving)
        others, self.others = self.others, None
        if others is not None:
            await others()
        return begun


async def is_moving(ballots: Ballots) -> bool:
    """Asked again when an answer takes long: a read and a decision of the same rows hold each other up."""
    try:
        table = await asyncio.wait_for(ballots.read(), 1)
    except (TimeoutError, Unavailable):
        return False
    return table.lives[0].is_moving


async def test_whoever_finds_a_shard_half_moved_waits_as_well(
    servers: Shards, options: CassandraOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    ballots = Ballots(options)
    old, new = servers.urls
    before = await Shard(0, old, ballots).enter()
    mover, follower = Shard(0, new, ballots), Shard(0, new, ballots)
    monkeypatch.setattr("chatsite.coordination.shard.MOVE_SECONDS", 300.0)
    moving = asyncio.create_task(mover.enter())
    while not await is_moving(ballots):
        await asyncio.sleep(0.01)
    moving.cancel()  # its node is killed
    await asyncio.gather(moving, return_exceptions=True)
    monkeypatch.setattr("chatsite.coordination.shard.MOVE_SECONDS", 1.0)
    began = clock.monotonic()
    assert await follower.enter() > before
    assert clock.monotonic() - began >= 1.0
    await ballots.close()


async def test_a_decision_that_is_carried_out_late_opens_no_life_that_is_over(servers: Shards, options: CassandraOptions) -> None:
    sleepy, ballots = Sleepy(options), Ballots(options)
    address = servers.urls[0]

    async def go_on() -> None:
        async with Redis.from_url(address) as client:
            await client.flushall()
            await Shard(0, address, ballots).enter()
            await client.flushall()

    sleepy.others = go_on
    epoch = await Shard(0, address, sleepy).enter()
    assert epoch == (await ballots.read()).lives[0].epoch
    await sleepy.close()
    await ballots.close()
