"""kill -9 of an api process and of the Redis of queues and caches: what is written does not pass through either."""

import asyncio

import pytest

from tests.cluster import Cluster
from tests.faults.fixtures import Verdict
from tests.faults.trial import Trial

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


async def test_an_api_and_the_redis_of_queues_killed_under_load_lose_nothing(
    cluster: Cluster, trial: Trial, verdict: Verdict
) -> None:
    async with trial.load():
        await asyncio.to_thread(cluster.kill, "api-1", "redis-tasks")
        await trial.keep_going(150)
        await asyncio.to_thread(cluster.kill, "node-1")  # its clients need the other api to find the other node
        await trial.keep_going(150)
        await asyncio.to_thread(cluster.restart, "redis-tasks", "api-1", "node-1")
        await trial.keep_going(60)
    await verdict(trial, "kill -9 an api, the Redis of queues, then a node")
