"""The message log on Cassandra keeps the contract of its port, and what only several epochs and late writes can ask of it."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from uuid import uuid4

import msgspec
import pytest

from chatsite.core.errors import Unavailable
from messaging.stores.log.base import PAGE_MAX
from messaging.stores.log.cassandra import CassandraMessageLog
from tests.contracts.log import LogContract, row, wanted
from tests.contracts.rig import Rig, some_id
from tests.servers import LOOPBACK, Services, free_ports, is_alive

# The driver keeps a socket of its log messages in the loop, and leaves it to the loop's end.
pytestmark = [pytest.mark.servers, pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")]


class CassandraRig(Rig):
    """The log alone: its suite needs no more."""

    log: CassandraMessageLog

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._port = int(services.env()["CASSANDRA_PORT"])

    async def open(self) -> None:
        self.log = CassandraMessageLog(hosts=[LOOPBACK], port=self._port)

    async def close(self) -> None:
        await self.log.close()


@pytest.fixture
async def rig(cassandra: Services) -> AsyncIterator[CassandraRig]:
    rig = CassandraRig(cassandra)
    await rig.open()
    yield rig
    await rig.close()


class TestMessageLog(LogContract):
    pass


async def test_of_a_seqs_tries_the_highest_epoch_counts_whenever_it_was_written(rig: CassandraRig) -> None:
    conversation = some_id()
    winner, loser = row(conversation, 5, "kept", epoch=3), row(conversation, 5, "late", epoch=2)
    await rig.log.store([winner])
    await rig.log.store([loser])
    assert await rig.log.page(conversation, first=1, last=5) == [winner]
    assert await rig.log.find([wanted(winner, upto=5), wanted(loser, upto=5)]) == [winner, None]


async def test_a_page_is_full_although_its_seqs_were_tried_often(rig: CassandraRig) -> None:
    conversation = some_id()
    for epoch in (1, 2, 3):
        await rig.log.store([row(conversation, seq, f"try {epoch}", epoch=epoch) for seq in range(950, 1_101)])
    page = await rig.log.page(conversation, first=1, last=1_060)
    assert [message.seq for message in page] == list(range(1_060 - PAGE_MAX + 1, 1_061))
    assert {message.text for message in page} == {"try 3"}


async def test_a_copy_in_a_later_epoch_does_not_bring_a_redacted_text_back(rig: CassandraRig) -> None:
    """A shard that is seeded anew copies rows it read before the redaction, and writes them after it."""
    secret = row(some_id(), 1, "secret")
    await rig.log.store([secret])
    await rig.log.redact(secret.conversation, 1, rev=1, author=7, at=1_900_000_000_000)
    await rig.log.store([msgspec.structs.replace(secret, epoch=2)])
    (read,) = await rig.log.page(secret.conversation, first=1, last=1)
    assert (read.text, read.redacted_at, read.epoch) == ("", 1_900_000_000_000, 2)


async def test_an_edit_counts_and_a_late_repetition_of_the_send_does_not(rig: CassandraRig) -> None:
    first = row(some_id(), 1, "frist")
    edited = msgspec.structs.replace(first, text="first", version=2, edited_at=first.sent_at)
    await rig.log.store([first])
    await rig.log.store([edited])
    await rig.log.store([first])
    assert await rig.log.page(first.conversation, first=1, last=1) == [edited]


async def test_a_search_that_ends_at_the_head_looks_no_further(rig: CassandraRig) -> None:
    message = row(some_id(), 1)
    await rig.log.store([message])
    assert await rig.log.find([wanted(msgspec.structs.replace(message, client_id=str(uuid4())), upto=10**12)]) == [None]


async def test_a_hundred_of_the_longest_texts_are_stored_and_read_in_one_call(rig: CassandraRig) -> None:
    conversation = some_id()
    messages = [row(conversation, seq, "上" * 99_999) for seq in range(1, PAGE_MAX + 1)]
    await rig.log.store(messages)
    assert await rig.log.page(conversation, first=1, last=PAGE_MAX) == messages


async def test_what_was_acknowledged_outlives_a_killed_server(rig: CassandraRig, cassandra: Services) -> None:
    """One write after the other, the last just before the kill: a log synced now and then would lack the newest of them."""
    conversation = some_id()
    messages = [row(conversation, seq) for seq in range(1, 101)]
    for message in messages:
        await rig.log.store([message])
    pid = cassandra.pid("cassandra-1")
    os.kill(pid, signal.SIGKILL)
    await rig.close()
    while is_alive(pid):  # so much memory takes its time
        await asyncio.sleep(0.05)
    cassandra.up("cassandra")
    await rig.open()
    assert await rig.log.page(conversation, first=1, last=100) == messages


async def test_a_log_that_nobody_serves_is_unavailable() -> None:
    log = CassandraMessageLog(hosts=[LOOPBACK], port=free_ports(1)[0])
    with pytest.raises(Unavailable):
        await log.store([row(some_id(), 1)])
    with pytest.raises(Unavailable):
        await log.page(some_id(), first=1, last=1)
    await log.close()


async def test_a_repetition_without_a_place_is_not_looked_for_in_a_history_of_years(rig: CassandraRig) -> None:
    conversation = some_id()
    messages = [msgspec.structs.replace(row(conversation, seq), sent_at=seq) for seq in range(1, 5_001)]
    await rig.log.store(messages)
    assert await rig.log.find([wanted(messages[0], upto=5_000, since=4_500)]) == [None]
    assert await rig.log.find([wanted(messages[4_600], upto=5_000, since=4_500)]) == [messages[4_600]]
