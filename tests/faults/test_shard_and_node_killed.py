"""A conversation's shard and the node die between commit and spread, while the member's shard lives: nobody tells that shard."""

import asyncio

import pytest

from tests.cluster import Cluster
from tests.faults.fixtures import Verdict
from tests.faults.trial import Trial, until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


@pytest.mark.parametrize("point", ["send.committed", "send.acked"])
async def test_what_was_committed_reaches_members_on_another_shard(
    cluster: Cluster, trial: Trial, verdict: Verdict, point: str
) -> None:
    conversation, receiver = trial.direct_across_shards(cluster.shard_of)
    sender = next(person for person in trial.people[conversation] if person != receiver)
    device = next(device for device in trial.devices if device.user == sender.user)
    async with trial.load():
        node = cluster.name_of(device.node)
        armed = cluster.arm(node, point, "kill", match={"conversation": conversation})
        device.send(conversation, "on its way when everything breaks")
        await until(lambda: armed.is_reached, 20, f"{point} in {conversation}")
        await asyncio.to_thread(cluster.kill, cluster.shard_of(conversation), node)
        await asyncio.to_thread(cluster.restart, cluster.shard_of(conversation), node)
        await trial.keep_going(150)
    await verdict(trial, f"kill a conversation's shard and the node at {point}; the member's shard lives")
