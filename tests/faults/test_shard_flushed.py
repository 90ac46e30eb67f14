"""A shard that is emptied under everybody's eyes, and again before it is whole."""

import asyncio

import pytest

from tests.cluster import Cluster
from tests.faults.fixtures import Verdict
from tests.faults.trial import Trial

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


async def test_a_shard_flushed_twice_under_load_loses_nothing(cluster: Cluster, trial: Trial, verdict: Verdict) -> None:
    async with trial.load():
        await asyncio.to_thread(cluster.redis, "redis-shard-2", "FLUSHALL")
        await asyncio.sleep(0.3)
        await asyncio.to_thread(cluster.redis, "redis-shard-2", "FLUSHALL")
        await trial.keep_going(150)
        await asyncio.to_thread(cluster.redis, "redis-shard-1", "FLUSHALL")
        await trial.keep_going(100)
    await verdict(trial, "flush a shard twice, then the other")
