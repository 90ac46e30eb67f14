"""kill -9 of PostgreSQL: messages go on where the members are known; nothing is half done after it."""

import asyncio

import pytest

from tests.cluster import Cluster
from tests.faults.fixtures import Verdict
from tests.faults.trial import Trial

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


async def test_postgresql_killed_under_load_loses_nothing(cluster: Cluster, trial: Trial, verdict: Verdict) -> None:
    async with trial.load():
        await asyncio.to_thread(cluster.kill, "postgresql")
        await asyncio.sleep(3)
        await asyncio.to_thread(cluster.restart, "postgresql")
        await trial.keep_going(150)
    await verdict(trial, "kill -9 PostgreSQL for 3 s")
