"""A node stops before its INSERT; another one finishes; the message is redacted; then the INSERT comes, late."""

import asyncio

import pytest

from messaging.stores.log.cassandra import CassandraMessageLog
from tests.cluster import Cluster
from tests.faults.fixtures import Verdict
from tests.faults.trial import Trial, until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]
SECRET = "what must not come back"


async def test_a_late_insert_brings_no_redacted_text_back(cluster: Cluster, trial: Trial, verdict: Verdict) -> None:
    conversation, receiver = trial.direct_across_shards(cluster.shard_of)
    sender = next(person for person in trial.people[conversation] if person != receiver)
    device = next(device for device in trial.devices if device.user == sender.user)
    log = CassandraMessageLog(**cluster.cassandra_options())
    async with trial.load():
        node = cluster.name_of(device.node)
        await until(lambda: device.unsent == 0, 20, "the sender to be idle")
        armed = cluster.arm(node, "send.allocated", "stop", match={"conversation": conversation})
        send = device.send(conversation, SECRET)
        await asyncio.to_thread(cluster.await_point, armed)
        cluster.note_frozen(node)
        await until(lambda: send.outcome == "ok", 30, "another node to finish the send")
        await log.redact(int(conversation), send.seq, rev=1, author=int(sender.user), at=1)
        cluster.thaw(node)
        await trial.keep_going(100)
    await verdict(trial, "a late INSERT after a redaction")
    (message,) = await log.page(int(conversation), first=send.seq, last=send.seq)
    assert (message.text, message.redacted_at) == ("", 1)
    await log.close()
