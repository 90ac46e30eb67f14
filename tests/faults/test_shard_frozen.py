"""A shard that stands still for ten seconds and then goes on as if nothing had been."""

import asyncio

import pytest

from tests.cluster import Cluster
from tests.faults.fixtures import Verdict
from tests.faults.trial import Trial

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


async def test_a_shard_frozen_for_ten_seconds_loses_nothing(cluster: Cluster, trial: Trial, verdict: Verdict) -> None:
    async with trial.load():
        cluster.freeze("redis-shard-1")
        await asyncio.sleep(10)
        cluster.thaw("redis-shard-1")
        await trial.keep_going(150)
    await verdict(trial, "SIGSTOP a shard for 10 s")
