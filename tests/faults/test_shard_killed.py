"""kill -9 of a Redis shard: all it held is gone, and it begins a new life."""

import asyncio

import pytest

from tests.cluster import Cluster
from tests.faults.fixtures import Verdict
from tests.faults.trial import Trial

pytestmark = [pytest.mark.servers, pytest.mark.timeout(400)]


async def test_a_shard_killed_and_started_again_under_load_loses_nothing(
    cluster: Cluster, trial: Trial, verdict: Verdict
) -> None:
    async with trial.load():
        await asyncio.to_thread(cluster.kill, "redis-shard-1")
        await asyncio.to_thread(cluster.restart, "redis-shard-1")
        await trial.keep_going(150)
    await verdict(trial, "kill -9 a Redis shard, start it again")
