"""kill -9 of a node: its clients fail over through discovery, and find everything where they come to."""

import asyncio

import pytest

from tests.cluster import Cluster
from tests.faults.fixtures import Verdict
from tests.faults.trial import Trial

pytestmark = [pytest.mark.servers, pytest.mark.timeout(400)]


async def test_a_node_killed_under_load_loses_nothing_and_its_clients_go_on_elsewhere(
    cluster: Cluster, trial: Trial, verdict: Verdict
) -> None:
    async with trial.load():
        victims = trial.devices_on(cluster.socket_url("node-1"))
        assert victims, "nobody was connected to the node that is to be killed"
        await asyncio.to_thread(cluster.kill, "node-1")
        await trial.keep_going(150)
    await verdict(trial, "kill -9 a node")
    assert {device.node for device in victims} == {cluster.socket_url("node-2")}
