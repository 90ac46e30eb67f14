"""SIGSTOP of a node: it answers nothing, keeps its connections open, and comes back with old ideas."""

import pytest

from tests.cluster import Cluster
from tests.faults.fixtures import Verdict
from tests.faults.trial import Trial

pytestmark = [pytest.mark.servers, pytest.mark.timeout(400)]


async def test_a_node_that_freezes_under_load_and_wakes_up_harms_nobody(cluster: Cluster, trial: Trial, verdict: Verdict) -> None:
    async with trial.load():
        assert trial.devices_on(cluster.socket_url("node-2"))
        cluster.freeze("node-2")
        await trial.keep_going(150)
        cluster.thaw("node-2")
        await trial.keep_going(60)
    await verdict(trial, "SIGSTOP a node, SIGCONT later")
