"""Bugs put into the real system on purpose: the checker must complain of each."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from chatsite.core.failpoints import Bug
from tests.cluster import Cluster
from tests.faults.cast import Cast
from tests.faults.report import Row
from tests.faults.trial import Trial

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


async def _lose_what_is_not_stored(cluster: Cluster, trial: Trial) -> None:
    """A node and both shards end between allocate and store; what is planted has the time to say that all is well."""
    armed = cluster.arm("node-1", "send.allocated", "pause", seconds=60)
    await asyncio.to_thread(cluster.await_point, armed)
    await asyncio.sleep(0.5)
    for name in ("node-1", "redis-shard-1", "redis-shard-2"):
        await asyncio.to_thread(cluster.kill, name)
    await asyncio.to_thread(cluster.restart, "redis-shard-1", "redis-shard-2", "node-1")


async def _make_them_try_again(cluster: Cluster, trial: Trial) -> None:
    """A node ends after it has stored and before it could say so."""
    armed = cluster.arm("node-1", "send.committed", "kill")
    await asyncio.to_thread(cluster.await_point, armed)


async def _just_go_on(cluster: Cluster, trial: Trial) -> None:
    """Those who go by their cursor alone are enough."""


CAUSES: dict[Bug, Callable[[Cluster, Trial], Awaitable[None]]] = {
    "early_ack": _lose_what_is_not_stored,
    "no_idempotency": _make_them_try_again,
    "time_cursor": _just_go_on,
}


@pytest.fixture(params=CAUSES)
async def bug(request: pytest.FixtureRequest, cluster: Cluster) -> AsyncIterator[Bug]:
    """Every program runs with it."""
    await asyncio.to_thread(cluster.plant, request.param)
    yield request.param
    await asyncio.to_thread(cluster.plant, None)


async def test_a_planted_bug_is_caught(cluster: Cluster, bug: Bug, cast: Cast, rows: list[Row]) -> None:
    trial = Trial(cast, settle_seconds=15)
    await trial.prepare()
    async with trial.load():
        await CAUSES[bug](cluster, trial)
        await trial.keep_going(60)
    row = await trial.finish(f"planted: {bug}", bug=bug)
    rows.append(row)
    await trial.close()
    assert row.complaints, f"nobody noticed {bug}"
