"""Bugs put into the real system on purpose: the checker must complain of each."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple

import pytest

from chatsite.core.failpoints import Bug
from tests.cluster import Cluster
from tests.faults.cast import Cast
from tests.faults.report import Row
from tests.faults.trial import Trial, until
from tests.journeys.device import Device
from tests.journeys.poller import Poller

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


async def _lose_what_is_not_stored(cluster: Cluster, trial: Trial) -> None:
    """A node and both shards end between allocate and store; what is planted has the time to say that all is well."""
    armed = cluster.arm("node-1", "send.allocated", "pause", seconds=60)
    await asyncio.to_thread(cluster.await_point, armed)
    await asyncio.sleep(0.15)  # well before another node finishes what holds up its own sends
    await asyncio.to_thread(cluster.kill, "redis-shard-1", "redis-shard-2", "node-1")
    await asyncio.to_thread(cluster.restart, "redis-shard-1", "redis-shard-2", "node-1")


async def _make_them_try_again(cluster: Cluster, trial: Trial) -> None:
    """A node ends after it has stored and before it could say so."""
    armed = cluster.arm("node-1", "send.committed", "kill")
    await asyncio.to_thread(cluster.await_point, armed)


async def _let_one_overtake(cluster: Cluster, trial: Trial) -> None:
    """The last message of one conversation reaches the inboxes after one of another conversation that was written later."""
    await until(
        lambda: not trial.complaints(), 20, "everybody to hold everything"
    )  # a poll that comes late would see more than it asks for
    late, early, poller = _two_roads_to_a_poller(trial)
    armed = cluster.arm(
        cluster.name_of(late.device.node), "send.acked", "pause", seconds=3, match={"conversation": late.conversation}
    )
    late.device.send(late.conversation, "written first, spread last")
    await asyncio.to_thread(cluster.await_point, armed)
    sent = early.device.send(early.conversation, "written last, spread first")
    await until(lambda: poller.holds(early.conversation, sent.seq), 20, "the poller to have the later one")


class _Road(NamedTuple):
    conversation: str
    device: Device


def _two_roads_to_a_poller(trial: Trial) -> tuple[_Road, _Road, Device]:
    """Two conversations of somebody with a poller, and in each a device that can write, on different nodes."""
    sockets = [device for device in trial.devices if not isinstance(device, Poller)]
    for poller in (device for device in trial.devices if isinstance(device, Poller)):
        roads = [_Road(conversation, device) for device in sockets for conversation in poller.histories.keys() & device.histories]
        for late, early in itertools.permutations(roads, 2):
            if late.conversation != early.conversation and late.device.node != early.device.node:
                return late, early, poller
    raise AssertionError("everybody is on one node")


async def _nothing(cluster: Cluster, trial: Trial) -> None:
    """The bug needs no help."""


Cause = Callable[[Cluster, Trial], Awaitable[None]]
CAUSES: dict[Bug, tuple[Cause, Cause]] = {  # under load, and after it
    "early_ack": (_lose_what_is_not_stored, _nothing),
    "no_idempotency": (_make_them_try_again, _nothing),
    "time_cursor": (_nothing, _let_one_overtake),
}


@pytest.fixture(params=CAUSES)
async def bug(request: pytest.FixtureRequest, cluster: Cluster) -> AsyncIterator[Bug]:
    """Every program runs with it."""
    await asyncio.to_thread(cluster.plant, request.param)
    yield request.param
    await asyncio.to_thread(cluster.plant, None)


async def test_a_planted_bug_is_caught(cluster: Cluster, bug: Bug, cast: Cast, rows: list[Row]) -> None:
    trial = Trial(cast, settle_seconds=15)
    under_load, after_it = CAUSES[bug]
    try:
        await trial.prepare()
        async with trial.load():
            await under_load(cluster, trial)
            await trial.keep_going(60)
        await after_it(cluster, trial)
        row = await trial.finish(f"planted: {bug}", bug=bug)
    finally:
        await trial.close()
    rows.append(row)
    assert row.complaints, f"nobody noticed {bug}"
