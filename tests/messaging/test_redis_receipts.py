"""Receipts on Redis keep the contract of their port, outlive their shard, and reach Cassandra in any order."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from messaging.protocol.types import Mark
from messaging.stores.receipts.cassandra import StoredMarks
from messaging.stores.receipts.redis import RedisReceipts
from tests.contracts.receipts import ReceiptsContract
from tests.contracts.rig import some_id
from tests.messaging.redis_rig import RedisRig, frozen
from tests.servers import Services

# The driver keeps a socket of its log messages in the loop, and leaves it to the loop's end.
pytestmark = [pytest.mark.servers, pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")]


@pytest.fixture
async def rig(coordination: dict[str, Any]) -> AsyncIterator[RedisRig]:
    rig = RedisRig(coordination)
    await rig.open()
    yield rig
    await rig.close()


@pytest.fixture
async def stored(rig: RedisRig) -> AsyncIterator[StoredMarks]:
    stored = StoredMarks(rig.coordination["cassandra"])
    yield stored
    await stored.close()


class TestReceipts(ReceiptsContract):
    pass


async def test_stored_marks_outlive_their_shard_and_still_only_rise(rig: RedisRig) -> None:
    anna, ben, room = some_id(), some_id(), rig.id_on(1)
    await rig.receipts.mark([Mark(room, anna, read=5, delivered=8), Mark(room, ben, delivered=3)])
    await rig.receipts.flush()
    await rig.empty(1)
    assert await rig.receipts.mark([Mark(room, anna, read=4)]) == []
    assert await rig.receipts.of_user(ben, [room]) == [Mark(room, ben, delivered=3)]
    await rig.empty(1)
    assert {mark.user: mark for mark in await rig.receipts.of_conversation(room)} == {
        anna: Mark(room, anna, read=5, delivered=8),
        ben: Mark(room, ben, delivered=3),
    }


async def test_marks_that_were_not_stored_go_with_their_shard_and_are_said_again(rig: RedisRig) -> None:
    anna, room = some_id(), rig.id_on(1)
    await rig.receipts.mark([Mark(room, anna, read=5)])
    await rig.receipts.flush()
    await rig.receipts.mark([Mark(room, anna, read=9)])
    await rig.empty(1)
    assert await rig.receipts.of_user(anna, [room]) == [Mark(room, anna, read=5, delivered=5)]
    assert await rig.receipts.mark([Mark(room, anna, read=9)]) == [Mark(room, anna, read=9, delivered=9)]


async def test_a_late_write_of_a_lower_mark_loses(stored: StoredMarks) -> None:
    anna, room = some_id(), some_id()
    await stored.write([Mark(room, anna, read=7, delivered=7)])
    await stored.write([Mark(room, anna, read=3, delivered=9)])
    await stored.write([Mark(room, anna, read=0, delivered=8)])
    assert await stored.read(room) == [Mark(room, anna, read=7, delivered=9)]


async def test_many_marks_of_many_people_are_stored_at_once(rig: RedisRig, stored: StoredMarks) -> None:
    rooms = [some_id() for _ in range(12)]
    marks = [Mark(room, some_id(), read=seq, delivered=seq + 1) for room in rooms for seq in range(1, 101)]
    assert await rig.receipts.mark(marks) == marks
    await rig.receipts.flush()
    found = await asyncio.gather(*map(stored.read, rooms))
    assert {(mark.conversation, mark.user): mark for some in found for mark in some} == {
        (mark.conversation, mark.user): mark for mark in marks
    }


async def test_a_mark_that_moved_while_it_was_being_stored_is_stored_again(
    rig: RedisRig, stored: StoredMarks, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, room = some_id(), some_id()
    await rig.receipts.mark([Mark(room, anna, read=1)])
    write = StoredMarks.write

    async def write_slowly(self: StoredMarks, marks: list[Mark]) -> None:
        await write(self, marks)
        if any(mark.user == anna and mark.read == 1 for mark in marks):
            await rig.receipts.mark([Mark(room, anna, read=2)])

    monkeypatch.setattr(StoredMarks, "write", write_slowly)
    await rig.receipts.flush()
    await rig.receipts.flush()
    assert await stored.read(room) == [Mark(room, anna, read=2, delivered=2)]


async def test_marks_wait_a_while_so_that_somebody_who_reads_along_is_stored_once(rig: RedisRig, stored: StoredMarks) -> None:
    anna, room = some_id(), some_id()
    patient = RedisReceipts(**rig.coordination)
    await patient.mark([Mark(room, anna, read=1)])
    await patient.flush()
    assert await stored.read(room) == []
    await patient.close()


async def test_while_a_shard_is_away_its_marks_are_read_as_they_are_stored(rig: RedisRig, cassandra: Services) -> None:
    anna, here, away = some_id(), rig.id_on(0), rig.id_on(1)
    await rig.receipts.mark([Mark(here, anna, read=1), Mark(away, anna, read=2)])
    await rig.receipts.flush()
    with frozen(cassandra, 1):
        assert await rig.receipts.of_user(anna, [away, here]) == [
            Mark(away, anna, read=2, delivered=2),
            Mark(here, anna, read=1, delivered=1),
        ]
        assert await rig.receipts.of_conversation(away) == [Mark(away, anna, read=2, delivered=2)]


async def test_a_list_of_two_hundred_conversations_is_found_wherever_they_are(rig: RedisRig) -> None:
    anna = some_id()
    rooms = [some_id() for _ in range(200)]
    await rig.receipts.mark([Mark(room, anna, read=seq) for seq, room in enumerate(rooms, 1)])
    await rig.receipts.flush()
    for shard in (0, 1):
        await rig.empty(shard)
    assert [mark.read for mark in await rig.receipts.of_user(anna, rooms)] == list(range(1, 201))
