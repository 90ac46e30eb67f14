"""SIGTERM of a node: it says goodbye, finishes what is under way, and ends."""

import asyncio

import pytest

from tests.cluster import Cluster
from tests.faults.fixtures import Verdict
from tests.faults.trial import Trial

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


async def test_a_node_that_drains_under_load_loses_nothing_and_ends_well(
    cluster: Cluster, trial: Trial, verdict: Verdict
) -> None:
    async with trial.load():
        moved = trial.devices_on(cluster.socket_url("node-1"))
        assert moved
        assert await asyncio.to_thread(cluster.terminate, "node-1") == 0
        await trial.keep_going(150)
    await verdict(trial, "drain a node (SIGTERM)")
    assert {device.node for device in moved} == {cluster.socket_url("node-2")}
