"""Who has read what: exact on every device, and told to those whom it concerns."""

import pytest

from chatsite.core.errors import NotAMember, Unavailable
from messaging.protocol.events import Synced
from messaging.protocol.types import Mark
from messaging.services.listing import read_entry
from messaging.services.members import Members
from messaging.services.membership import remove
from messaging.services.receipts import flush_receipts, list_marks, mark_delivered, mark_read, repeat_reads
from messaging.services.sync import sync
from tests.messaging.test_send_faults import unreliable
from tests.messaging.world import World


async def unread(world: World, user: int, conversation: int) -> int:
    count: int = (await read_entry(world.chat, user=user, conversation=conversation))["unread"]
    return count


async def read(world: World, user: int, conversation: int, upto: int, *, skip: object = None) -> None:
    await mark_read(world.chat, world.buffer, reader=user, device=1, conversation=conversation, upto=upto, skip=skip)


async def test_unread_counts_are_exact_and_told_to_ones_other_devices(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    phone, tablet, sender = await world.screen(ben), await world.screen(ben), await world.screen(anna)
    for _ in range(5):
        await world.say(anna, room)
    assert await unread(world, ben, room) == 5
    await read(world, ben, room, 3, skip=phone)
    assert await unread(world, ben, room) == 2
    mark = {"user": str(ben), "read": 3, "delivered": 3}
    assert [frame["marks"] for frame in tablet.of_type("receipt")] == [[mark]]
    assert [frame["marks"] for frame in sender.of_type("receipt")] == [[mark]]
    assert phone.of_type("receipt") == []
    assert await unread(world, anna, room) == 0


async def test_what_was_read_on_one_device_waits_in_the_inbox_for_those_that_are_away(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    await world.say(anna, room)
    await world.road.drain()
    cursor = await world.chat.inbox.cursor(ben)
    await read(world, ben, room, 1)
    await flush_receipts(world.chat, world.buffer)
    piece = await world.chat.inbox.read(ben, cursor=cursor, limit=10)
    assert [(entry.kind, entry.conversation) for entry in piece.entries] == [("read", room)]  # type: ignore[union-attr]


async def test_marks_survive_a_restart_once_flushed(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    for _ in range(4):
        await world.say(anna, room)
    await read(world, ben, room, 3)
    await flush_receipts(world.chat, world.buffer)
    await world.crash()
    assert await unread(world, ben, room) == 1


@pytest.mark.parametrize(("upto", "stands"), [(0, 0), (2, 2), (3, 3), (99, 3), (2**53, 3)])
async def test_a_mark_never_stands_beyond_the_head(world: World, upto: int, stands: int) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    for _ in range(3):
        await world.say(anna, room)
    await read(world, ben, room, upto)
    assert (await world.chat.receipts.of_user(ben, [room]))[0].read == stands
    await world.say(anna, room)
    assert await unread(world, ben, room) == 4 - stands


async def test_marks_never_go_back(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    for _ in range(3):
        await world.say(anna, room)
    screen = await world.screen(anna)
    await read(world, ben, room, 3)
    await read(world, ben, room, 1)
    assert await unread(world, ben, room) == 0
    assert len(screen.of_type("receipt")) == 1


async def test_unread_counts_only_what_one_may_see(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.group(anna)
    for _ in range(3):
        await world.say(anna, room)  # 2 to 4
    await world.add(anna, room, ben)  # 5, which is Ben's own doing
    await world.say(anna, room)  # 6
    assert await unread(world, ben, room) == 1
    await remove(world.chat, world.road, by=anna, user=ben, conversation=room)  # 7
    await world.say(anna, room)  # 8
    assert await unread(world, ben, room) == 2
    await world.add(anna, room, ben)  # 9: joining reads what came before
    await world.say(anna, room)  # 10
    assert await unread(world, ben, room) == 1


async def test_a_group_is_told_with_the_flush_and_ones_own_devices_at_once(world: World) -> None:
    anna, ben, carl = await world.people(3)
    room = await world.group(anna, ben, carl)
    sent = await world.say(anna, room)
    tablet, other = await world.screen(ben), await world.screen(carl)
    for upto in (sent.seq - 1, sent.seq):
        await read(world, ben, room, upto)
    assert len(tablet.of_type("receipt")) >= 1
    assert other.of_type("receipt") == []
    await flush_receipts(world.chat, world.buffer)
    (frame,) = other.of_type("receipt")
    assert {"user": str(ben), "read": sent.seq, "delivered": sent.seq} in frame["marks"]
    await flush_receipts(world.chat, world.buffer)
    assert len(other.of_type("receipt")) == 1


async def test_delivered_says_nothing_about_reading(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    await world.say(anna, room)
    screen = await world.screen(anna)
    await mark_delivered(world.chat, world.buffer, receiver=ben, device=1, conversation=room, upto=1)
    assert screen.of_type("receipt")[0]["marks"] == [{"user": str(ben), "read": 0, "delivered": 1}]
    assert await unread(world, ben, room) == 1
    entry = await read_entry(world.chat, user=anna, conversation=room)
    assert (entry["others_read"], entry["others_delivered"]) == (0, 1)


async def test_only_who_is_in_sees_the_marks_of_those_who_are_in(world: World) -> None:
    anna, ben, carl, stranger = await world.people(4)
    room = await world.group(anna, ben, carl)
    sent = await world.say(anna, room)
    for user in (ben, carl):
        await read(world, user, room, sent.seq)
    await remove(world.chat, world.road, by=anna, user=carl, conversation=room)
    assert {mark.user for mark in await list_marks(world.chat, reader=anna, conversation=room)} == {anna, ben}
    for outsider in (carl, stranger):
        with pytest.raises(NotAMember):
            await list_marks(world.chat, reader=outsider, conversation=room)


async def test_strangers_cannot_mark(world: World) -> None:
    anna, ben, stranger = await world.people(3)
    room = await world.direct(anna, ben)
    await world.say(anna, room)
    with pytest.raises(NotAMember):
        await read(world, stranger, room, 1)
    assert await world.chat.receipts.of_user(stranger, [room]) == [Mark(room, stranger)]


async def test_repeated_marks_pass_over_what_is_not_theirs(world: World) -> None:
    anna, ben, stranger = await world.people(3)
    room, foreign = await world.direct(anna, ben), await world.direct(anna, stranger)
    await world.say(anna, room)
    reads = {12345: 1, foreign: 1, room: 1}
    await repeat_reads(world.chat, world.buffer, reader=ben, device=1, reads=reads, skip=None)
    assert await unread(world, ben, room) == 0


async def test_who_is_out_may_read_on_without_the_group_hearing_of_it(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.group(anna, ben)
    sent = await world.say(anna, room)
    await remove(world.chat, world.road, by=anna, user=ben, conversation=room)
    screen = await world.screen(anna)
    await read(world, ben, room, sent.seq)
    await flush_receipts(world.chat, world.buffer)
    assert screen.of_type("receipt") == []
    assert await unread(world, ben, room) == 1  # the message that says they were removed


async def test_marks_that_could_not_be_left_in_the_inbox_are_left_there_later(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    await world.say(anna, room)
    last = await world.say(anna, room)
    cursor = await world.chat.inbox.cursor(ben)
    await read(world, ben, room, 1)
    broken = unreliable(world, "inbox")
    broken.fail("spread", error=Unavailable())
    with pytest.raises(Unavailable):
        await flush_receipts(world.chat, world.buffer)
    broken.mend()
    await read(world, ben, room, last.seq)
    await flush_receipts(world.chat, world.buffer)
    frame = await sync(world.chat, user=ben, cursor=cursor)
    assert isinstance(frame, Synced)
    assert [(touched.conversation, touched.read) for touched in frame.conversations] == [(str(room), last.seq)]


async def test_a_thousand_marks_of_conversations_that_are_not_there_are_one_question(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    await world.say(anna, room)
    asked: list[int] = []
    get = world.chat.members.get

    async def watched(conversation: int) -> Members:
        asked.append(conversation)
        return await get(conversation)

    world.chat.members.get = watched  # type: ignore[method-assign]
    reads = {**dict.fromkeys(range(1, 1_000), 1), room: 1}
    await repeat_reads(world.chat, world.buffer, reader=ben, device=1, reads=reads, skip=None)
    assert asked == [room]
    assert await unread(world, ben, room) == 0
