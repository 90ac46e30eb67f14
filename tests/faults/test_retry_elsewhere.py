"""A send is tried again on another node while the first try is paused at each step of the road: one message, one seq."""

import asyncio
from uuid import uuid4

import pytest

from tests.cluster import Cluster
from tests.faults.fixtures import Verdict
from tests.faults.trial import Trial

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]
POINTS = ("send.checked", "send.allocated", "send.stored", "send.committed", "send.acked", "send.spread")


async def test_a_retry_on_another_node_while_the_first_try_is_paused_makes_one_message(
    cluster: Cluster, trial: Trial, verdict: Verdict
) -> None:
    conversation, people = next((conversation, people) for conversation, people in trial.people.items() if len(people) == 2)
    first = trial.cast.phone(people[0], avoid=cluster.socket_url("node-2"))
    second = trial.cast.phone(people[0], avoid=cluster.socket_url("node-1"))
    one, other = await first.connect(), await second.connect()
    async with trial.load():
        for point in POINTS:
            armed = cluster.arm("node-1", point, "pause", seconds=3.0, match={"conversation": conversation})
            frame = {"type": "send", "conversation": conversation, "client_id": str(uuid4()), "text": f"twice at {point}"}
            tries = [trial.histories[conversation].invoke(people[0].user, frame["client_id"], frame["text"]) for _ in range(2)]
            paused = asyncio.create_task(one.call(frame))
            await asyncio.to_thread(cluster.await_point, armed)
            tries[1].succeed((await other.call(frame))["seq"])
            tries[0].succeed((await paused)["seq"])
            assert tries[0].seq == tries[1].seq
    await verdict(trial, "retry on another node while the first try is paused, at each step")
    await first.close()
    await second.close()
