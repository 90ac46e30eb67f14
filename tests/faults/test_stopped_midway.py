"""A node stands still between allocate and store until another has finished its note; then it stores, late."""

import asyncio

import pytest

from tests.cluster import Cluster
from tests.faults.fixtures import Verdict
from tests.faults.trial import Trial

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


async def test_a_node_stopped_between_allocate_and_store_holds_nobody_up(
    cluster: Cluster, trial: Trial, verdict: Verdict
) -> None:
    async with trial.load():
        armed = cluster.arm("node-1", "send.allocated", "stop")
        await asyncio.to_thread(cluster.await_point, armed)
        cluster.note_frozen("node-1")
        await trial.every_conversation_goes_on()
        cluster.thaw("node-1")
        await trial.keep_going(100)
    await verdict(trial, "SIGSTOP a node between allocate and store until another has finished its note")
