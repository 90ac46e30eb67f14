"""The list of conversations."""

from typing import Any

from messaging.services.listing import PAGE, list_conversations
from messaging.services.membership import decline, leave, remove, rename
from messaging.services.sync import sync
from tests.contracts.clock import MovableClock
from tests.messaging.world import World


async def entries(world: World, user: int, *, page: int = 1) -> list[dict[str, Any]]:
    return (await list_conversations(world.chat, user=user, page=page)).entries


async def listed(world: World, user: int) -> list[int]:
    return [int(entry["conversation"]["id"]) for entry in await entries(world, user)]


async def test_the_most_recently_active_comes_first(world: World, clock: MovableClock) -> None:
    anna, ben, carl, dora = await world.people(4)
    rooms = [await world.direct(anna, other) for other in (ben, carl, dora)]
    for room in (rooms[1], rooms[2], rooms[0], rooms[2]):
        clock.forward(1)
        await world.say(anna, room)
    assert await listed(world, anna) == [rooms[2], rooms[0], rooms[1]]
    await world.crash()
    assert await listed(world, anna) == [rooms[2], rooms[0], rooms[1]]


async def test_an_entry_previews_the_newest_message(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    sent = await world.say(anna, room, "😀" * 400)
    (entry,) = await entries(world, ben)
    assert entry["preview"].text == "😀" * 300
    assert (entry["head"], entry["unread"], entry["read"], entry["active_at"]) == (1, 1, 0, sent.sent_at)


async def test_a_direct_conversation_appears_to_the_other_with_its_first_message(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    assert (await listed(world, anna), await listed(world, ben)) == ([room], [])
    await world.say(anna, room)
    assert await listed(world, ben) == [room]


async def test_invitations_are_listed_until_they_are_answered(world: World) -> None:
    anna, ben, carl = await world.people(3)
    room = await world.group(anna)
    await world.say(anna, room, "not yet yours")
    await world.invite(anna, room, ben, carl)
    (entry,) = await entries(world, ben)
    assert (entry["head"], entry["unread"], entry["preview"], entry["conversation"]["head"]) == (0, 0, None, 0)
    await decline(world.chat, user=ben, conversation=room)
    await remove(world.chat, world.road, by=anna, user=carl, conversation=room)
    assert (await listed(world, ben), await listed(world, carl)) == ([], [])


async def test_who_left_keeps_what_they_saw_and_learns_nothing_new(world: World, clock: MovableClock) -> None:
    anna, ben, carl = await world.people(3)
    room, other = await world.group(anna, ben, carl), await world.direct(ben, anna)
    await world.say(anna, room, "seen")
    await leave(world.chat, world.road, user=ben, conversation=room)
    (before,) = [entry for entry in await entries(world, ben) if entry["conversation"]["id"] == str(room)]
    clock.forward(60)
    await world.say(ben, other)
    clock.forward(60)
    await world.say(anna, room, "secret")
    await rename(world.chat, world.road, by=anna, conversation=room, title="Secret")
    first, second = await entries(world, ben)
    assert (first["conversation"]["id"], second["conversation"]["id"]) == (str(other), str(room))
    for entry in (before, second):
        entry["conversation"].pop("version")  # a number that only rises
        assert max(entry.pop("others_read"), entry.pop("others_delivered")) <= entry["head"]
    assert second == before


async def test_what_happens_while_the_list_is_read_comes_with_the_next_sync(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    await world.say(anna, room)
    await world.road.drain()
    listing = await list_conversations(world.chat, user=ben)
    sent = await world.say(anna, room)
    await world.road.drain()
    synced: Any = await sync(world.chat, user=ben, cursor=listing.cursor)
    assert [placed.message.seq for placed in synced.messages] == [sent.seq]


async def test_pages_hold_everything_once(world: World) -> None:
    anna, *others = await world.people(PAGE + 11)
    rooms = [await world.direct(anna, other) for other in others]
    await world.say(anna, rooms[0])
    first, second = [await list_conversations(world.chat, user=anna, page=page) for page in (1, 2)]
    assert (first.next_page, second.next_page) == (2, None)
    ids = [int(entry["conversation"]["id"]) for listing in (first, second) for entry in listing.entries]
    assert len(first.entries) == PAGE
    assert sorted(ids) == sorted(rooms)
    assert (await list_conversations(world.chat, user=anna, page=3)).entries == []
