"""What a device that was away is told."""

from typing import Any

import msgspec

from messaging.protocol.events import Resync, Synced
from messaging.services.membership import leave, remove, rename
from messaging.services.receipts import flush_receipts, mark_read
from messaging.services.sync import ENTRIES, MESSAGES, sync
from tests.contracts.clock import MovableClock
from tests.messaging.world import World


async def catch_up(world: World, user: int, cursor: str) -> Synced:
    synced = await sync(world.chat, user=user, cursor=cursor)
    assert isinstance(synced, Synced), synced
    return synced


def gift(synced: Synced, conversation: int) -> list[int]:
    return [placed.message.seq for placed in synced.messages if placed.conversation == str(conversation)]


def touched(synced: Synced) -> dict[str, tuple[int, int]]:
    return {one.conversation: (one.head, one.read) for one in synced.conversations}


def changed(synced: Synced) -> list[Any]:
    return [msgspec.json.decode(one) for one in synced.changed]


async def test_each_conversation_comes_once_with_its_head_and_its_messages(world: World) -> None:
    anna, ben, carl = await world.people(3)
    one, two, quiet = await world.direct(anna, ben), await world.direct(carl, ben), await world.group(anna, ben)
    await world.road.drain()
    cursor = await world.chat.inbox.cursor(ben)
    for _ in range(3):
        await world.say(anna, one)
        await world.say(carl, two)
    await world.road.drain()
    synced = await catch_up(world, ben, cursor)
    assert touched(synced) == {str(one): (3, 0), str(two): (3, 0)}
    assert (gift(synced, one), gift(synced, two), gift(synced, quiet)) == ([1, 2, 3], [1, 2, 3], [])
    assert not synced.more
    again = await catch_up(world, ben, synced.cursor)
    assert (again.conversations, again.messages, again.changed, again.receipts) == ([], [], [], [])
    assert await catch_up(world, ben, cursor) == synced


async def test_a_long_absence_is_caught_up_in_pieces(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    cursor = await world.chat.inbox.cursor(ben)
    total = ENTRIES + 50
    for start in range(0, total, 150):
        for future in [world.road.submit(world.draft(anna, room)) for _ in range(min(150, total - start))]:
            await future
    await world.road.drain()
    first = await catch_up(world, ben, cursor)
    assert first.more
    assert touched(first) == {str(room): (total, 0)}
    assert len(first.messages) <= MESSAGES
    second = await catch_up(world, ben, first.cursor)
    assert not second.more
    assert gift(second, room) == list(range(ENTRIES + 1, total + 1))


async def test_a_gift_has_a_bound_and_the_head_tells_the_rest(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    cursor = await world.chat.inbox.cursor(ben)
    for _ in range(8):
        await world.say(anna, room, "x" * 99_999)
    await world.road.drain()
    synced = await catch_up(world, ben, cursor)
    assert touched(synced) == {str(room): (8, 0)}
    assert 0 < len(synced.messages) < 8


async def test_who_was_removed_while_away_learns_it_and_no_more(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.group(anna, ben)
    await world.road.drain()
    cursor = await world.chat.inbox.cursor(ben)
    await world.say(anna, room, "seen")
    await remove(world.chat, world.road, by=anna, user=ben, conversation=room)
    await world.say(anna, room, "secret")
    await rename(world.chat, world.road, by=anna, conversation=room, title="Secret")
    await world.road.drain()
    synced = await catch_up(world, ben, cursor)
    assert gift(synced, room) == [3, 4]
    assert touched(synced) == {str(room): (4, 2)}
    (conversation,) = changed(synced)
    assert (conversation["title"], conversation["head"]) == ("Group", 4)
    assert [member["state"] for member in conversation["members"]] == ["removed"]
    assert synced.receipts == []


async def test_an_invitation_waits_for_who_was_away(world: World) -> None:
    anna, ben = await world.people(2)
    cursor = await world.chat.inbox.cursor(ben)
    room = await world.group(anna)
    await world.say(anna, room, "not yet yours")
    await world.invite(anna, room, ben)
    await world.road.drain()
    synced = await catch_up(world, ben, cursor)
    assert synced.messages == []
    (conversation,) = changed(synced)
    assert (conversation["id"], conversation["head"]) == (str(room), 0)


async def test_marks_come_with_what_was_touched(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    await world.say(anna, room)
    await world.road.drain()
    cursor = await world.chat.inbox.cursor(ben)
    await mark_read(world.chat, world.buffer, reader=ben, device=1, conversation=room, upto=1)
    await flush_receipts(world.chat, world.buffer)
    synced = await catch_up(world, ben, cursor)
    assert touched(synced) == {str(room): (1, 1)}
    (placed,) = synced.receipts
    assert {mark.user: mark.read for mark in placed.marks} == {str(anna): 1, str(ben): 1}


async def test_members_who_left_leave_no_marks_behind(world: World) -> None:
    anna, ben, carl = await world.people(3)
    room = await world.group(anna, ben, carl)
    await leave(world.chat, world.road, user=carl, conversation=room)
    await world.road.drain()
    cursor = await world.chat.inbox.cursor(ben)
    await world.say(anna, room)
    await world.road.drain()
    (placed,) = (await catch_up(world, ben, cursor)).receipts
    assert {mark.user for mark in placed.marks} == {str(anna), str(ben)}


async def test_a_cursor_that_was_trimmed_or_never_was_means_a_fresh_start(world: World, clock: MovableClock) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    cursor = await world.chat.inbox.cursor(ben)
    for _ in range(5):
        await world.say(anna, room)
    await world.road.drain()
    await world.chat.inbox.trim(keep_entries=2, keep_after=0)
    for lost, reason in ((cursor, "trimmed"), ("nonsense", "unknown"), ("9.1", "epoch")):
        answer = await sync(world.chat, user=ben, cursor=lost, command_id="x")
        assert isinstance(answer, Resync)
        assert (answer.reason, answer.id) == (reason, "x")
        assert (await catch_up(world, ben, answer.cursor)).conversations == []
