"""kill -9 of one Cassandra of three: a quorum is left."""

import asyncio

import pytest

from tests.cluster import Cluster
from tests.faults.fixtures import Verdict
from tests.faults.trial import Trial

pytestmark = [pytest.mark.servers, pytest.mark.timeout(400)]


@pytest.mark.parametrize("name", ["cassandra-3"])
async def test_one_cassandra_killed_under_load_loses_nothing(cluster: Cluster, trial: Trial, verdict: Verdict, name: str) -> None:
    async with trial.load():
        await asyncio.to_thread(cluster.kill, name)
        await trial.keep_going(150)
        await asyncio.to_thread(cluster.restart, name)
        await trial.keep_going(60)
    await verdict(trial, "kill -9 one Cassandra of three, start it again")
