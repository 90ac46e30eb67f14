"""A shard that comes back with a state of some time ago, since somebody switched its append-only file on."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.cluster import Cluster
from tests.faults.fixtures import Verdict
from tests.faults.trial import Trial

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]
SHARD = "redis-shard-1"


@pytest.fixture
def old_file(cluster: Cluster) -> Iterator[None]:
    """Afterwards there is no such file any more."""
    yield
    cluster.end_mistake(SHARD)


@pytest.mark.usefixtures("old_file")
async def test_a_shard_that_comes_back_with_old_counters_gives_no_seq_twice(
    cluster: Cluster, trial: Trial, verdict: Verdict
) -> None:
    async with trial.load():
        await asyncio.to_thread(cluster.redis, SHARD, "CONFIG", "SET", "appendonly", "yes")
        await trial.keep_going(60)
        await asyncio.to_thread(
            cluster.redis, SHARD, "CONFIG", "SET", "appendonly", "no"
        )  # from here on its file is a memory of the past
        await trial.keep_going(100)
        await asyncio.to_thread(cluster.kill, SHARD)
        await asyncio.to_thread(cluster.start_by_mistake, SHARD, "--appendonly", "yes")
        await asyncio.sleep(8)  # whether it is refused or begun anew: nobody may go by what it remembers
        await asyncio.to_thread(cluster.end_mistake, SHARD)
        await asyncio.to_thread(cluster.restart, SHARD)
        await trial.keep_going(150)
    await verdict(trial, "restart a shard with an old AOF, for 8 s")
