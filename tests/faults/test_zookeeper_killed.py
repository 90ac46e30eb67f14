"""kill -9 of ZooKeeper: who is connected goes on; who comes finds the nodes that were known; nodes register again."""

import asyncio

import pytest

from tests.cluster import Cluster
from tests.faults.fixtures import Verdict
from tests.faults.trial import Trial

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


async def test_sends_go_on_without_zookeeper_and_devices_find_nodes_after_it(
    cluster: Cluster, trial: Trial, verdict: Verdict
) -> None:
    async with trial.load():
        await asyncio.to_thread(cluster.kill, "zookeeper")
        await trial.keep_going(200)
        await asyncio.to_thread(cluster.restart, "zookeeper")
        await trial.keep_going(100)
        await asyncio.to_thread(cluster.kill, "node-1")  # discovery must know the other one
        await trial.keep_going(100)
    await verdict(trial, "kill -9 ZooKeeper, start it again, then kill a node")
