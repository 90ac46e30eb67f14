"""The road of a message when a store fails at any step, or the process ends there."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from chatsite.core.errors import ChatsiteError, Unavailable
from messaging.services.membership import join, rename
from messaging.services.owed import finish_owed
from messaging.stores.sqlite import MessageFile
from tests.messaging.world import Unreliable, World, dense

STEPS = [("sequencer", "allocate"), ("log", "store"), ("sequencer", "commit")]


def unreliable(world: World, store: str) -> Unreliable:
    broken = Unreliable(getattr(world.chat, store))
    setattr(world.chat, store, broken)
    return broken


@pytest.mark.parametrize(("store", "step"), STEPS)
@pytest.mark.parametrize("error", [Unavailable(), RuntimeError("a driver's own error")], ids=["unavailable", "unexpected"])
async def test_a_send_that_failed_half_way_is_finished_by_its_repetition(
    world: World, store: str, step: str, error: Exception
) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    screen, client_id = await world.screen(ben), str(uuid4())
    await world.say(anna, room, "before")
    broken = unreliable(world, store)
    broken.fail(step, error=error)
    with pytest.raises(Unavailable):
        await world.say(anna, room, "again", client_id=client_id)
    assert (await world.chat.sequencer.heads([room]))[0].seq == 1
    broken.mend()
    sent = await world.say(anna, room, "again", client_id=client_id)
    await world.road.drain()
    assert sent.seq == 2
    assert [message.text for message in await world.log(room)] == ["before", "again"]
    assert screen.seqs() == [1, 2]


@pytest.mark.parametrize(("store", "step"), STEPS[1:])
async def test_the_next_send_finishes_the_one_that_holds_it_up(world: World, store: str, step: str) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    screen, cursor = await world.screen(ben), await world.chat.inbox.cursor(ben)
    broken = unreliable(world, store)
    broken.fail(step, error=Unavailable(), times=1)
    with pytest.raises(Unavailable):
        await world.say(anna, room, "stuck")
    sent = await world.say(ben, room, "next")
    await world.road.drain()
    assert sent.seq == 2
    assert [message.text for message in await world.log(room)] == ["stuck", "next"]
    assert screen.seqs() == [1, 2]
    assert await world.inbox_seqs(ben, room, cursor) == [1, 2]
    assert await world.chat.sequencer.unreleased(room) == []


async def test_a_full_disk_refuses_sends_and_loses_nothing_that_was_acked(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    screen = await world.screen(ben)
    file = MessageFile.open(world.path)
    acked = [(await world.say(anna, room, "x" * 5_000)).seq for _ in range(3)]
    await world.road.drain()
    ((pages,),) = await file.read("PRAGMA page_count")
    await file.write(f"PRAGMA max_page_count = {pages + 1}", parameters=(), durable=False)
    refused = str(uuid4())
    with pytest.raises(Unavailable):
        await world.say(anna, room, "y" * 90_000, client_id=refused)
    with pytest.raises(Unavailable):
        await world.say(ben, room, "z" * 90_000)
    await file.write("PRAGMA max_page_count = 1000000", parameters=(), durable=False)
    file.close()
    again = await world.say(anna, room, "y" * 90_000, client_id=refused)
    last = await world.say(ben, room, "after")
    await world.road.drain()
    log = await world.log(room)
    assert dense([message.seq for message in log])
    assert [message.text[0] for message in log] == ["x", "x", "x", "y", "z", "a"]
    assert [*acked, again.seq, last.seq] == [1, 2, 3, 4, 6]
    assert sorted(set(screen.seqs())) == [1, 2, 3, 4, 5, 6]


async def test_a_mark_that_cannot_be_made_keeps_nobody_from_hearing_the_message_and_is_made_later(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    cursor, screen = await world.chat.inbox.cursor(ben), await world.screen(ben)
    broken = unreliable(world, "receipts")
    broken.fail("mark", error=Unavailable())
    sent = await world.say(anna, room)
    await world.road.drain()
    assert screen.seqs() == [sent.seq]
    assert await world.inbox_seqs(ben, room, cursor) == [sent.seq]
    broken.mend()
    world.clock.forward(5)
    assert await finish_owed(world.chat) == 1
    assert [mark.read for mark in await world.chat.receipts.of_user(anna, [room])] == [sent.seq]
    assert await world.chat.sequencer.owed(10, "all") == []


async def test_what_was_acked_but_not_spread_is_owed_and_finished_without_a_restart(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    cursor = await world.chat.inbox.cursor(ben)
    broken = unreliable(world, "inbox")
    broken.fail("spread", error=Unavailable())
    sent = await world.say(anna, room)
    await world.road.drain()
    assert await world.inbox_seqs(ben, room, cursor) == []
    broken.mend()
    assert await finish_owed(world.chat) == 0  # it may still be on its way
    world.clock.forward(5)
    assert await finish_owed(world.chat) == 1
    assert await world.inbox_seqs(ben, room, cursor) == [sent.seq]
    assert await world.chat.sequencer.owed(10, "all") == []


async def test_what_was_acked_but_not_spread_is_finished_by_the_next_life(world: World) -> None:
    anna, ben, carl = await world.people(3)
    room = await world.group(anna, ben, carl)
    cursors = {user: await world.chat.inbox.cursor(user) for user in (anna, ben, carl)}
    unreliable(world, "inbox").fail("spread", error=Unavailable())
    sent = [await world.say(anna, room) for _ in range(3)]
    await world.road.drain()
    await world.crash()
    assert await world.recover() == (0, 3)
    for user, cursor in cursors.items():
        assert await world.inbox_seqs(user, room, cursor) == [one.seq for one in sent]
    assert await world.recover() == (0, 0)


async def test_a_send_that_was_stored_and_not_acked_is_one_message_after_the_crash(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    cursor, client_id = await world.chat.inbox.cursor(ben), str(uuid4())
    unreliable(world, "sequencer").fail("commit", error=Unavailable())
    with pytest.raises(Unavailable):
        await world.say(anna, room, client_id=client_id)
    await world.crash()
    await world.recover()
    assert await world.inbox_seqs(ben, room, cursor) == [1]
    again = await world.say(anna, room, client_id=client_id)
    assert (again.seq, again.duplicate) == (1, True)
    assert len(await world.log(room)) == 1


async def test_what_was_stored_and_not_released_is_finished_by_a_repair(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    cursor = await world.chat.inbox.cursor(ben)
    unreliable(world, "sequencer").fail("commit", error=Unavailable(), times=1)
    with pytest.raises(Unavailable):
        await world.say(anna, room)
    assert await world.inbox_seqs(ben, room, cursor) == []
    world.clock.forward(5)
    assert await finish_owed(world.chat) == 1
    assert await world.inbox_seqs(ben, room, cursor) == [1]
    await world.say(anna, room)
    await world.road.drain()
    assert await world.inbox_seqs(ben, room, cursor) == [1, 2]


async def test_notes_that_cannot_be_dropped_cost_a_repetition_only(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    cursor = await world.chat.inbox.cursor(ben)
    unreliable(world, "sequencer").fail("done", error=Unavailable())
    await world.say(anna, room)
    await world.road.drain()
    await world.crash()
    assert await world.recover() == (0, 1)
    assert set(await world.inbox_seqs(ben, room, cursor)) == {1}
    assert await world.chat.sequencer.owed(10, "all") == []


Change = Callable[[World, int, int, int], Awaitable[Any]]


async def renaming(world: World, anna: int, ben: int, room: int) -> None:
    await rename(world.chat, world.road, by=anna, conversation=room, title="New title")


async def joining(world: World, anna: int, ben: int, room: int) -> None:
    await join(world.chat, world.road, user=ben, conversation=room)


@pytest.mark.parametrize("change", [renaming, joining])
@pytest.mark.parametrize(("store", "step"), STEPS)
async def test_a_membership_change_that_failed_half_way_is_finished_and_sends_go_on(
    world: World, change: Change, store: str, step: str
) -> None:
    anna, ben = await world.people(2)
    room = await world.group(anna)
    await world.invite(anna, room, ben)
    broken = unreliable(world, store)
    broken.fail(step, error=Unavailable())
    with pytest.raises(ChatsiteError):
        await change(world, anna, ben, room)
    broken.mend()
    assert (await world.recover())[0] == 1
    assert (await world.say(anna, room)).seq == 3
    log = await world.log(room)
    assert [message.kind for message in log] == ["event", "event", "text"]
    assert (await world.members(room)).version == 2
    assert (await world.recover())[0] == 0


@pytest.mark.parametrize("change", [renaming, joining])
@pytest.mark.parametrize("numbered", [False, True], ids=["before its seq", "before it is applied"])
async def test_a_membership_change_cut_short_by_a_crash_is_finished_by_the_next_life(
    world: World, change: Change, numbered: bool
) -> None:
    anna, ben = await world.people(2)
    room = await world.group(anna)
    await world.invite(anna, room, ben)
    unreliable(world, "sequencer").fail("commit" if numbered else "allocate", error=Unavailable())
    with pytest.raises(Unavailable):
        await change(world, anna, ben, room)
    await world.crash()
    assert (await world.recover())[0] == 1
    members = await world.members(room)
    assert (members.version, members.title) == (2, "New title" if change is renaming else "Group")
    assert members.by_user[ben].state == ("invited" if change is renaming else "joined")
    if change is joining:
        assert members.by_user[ben].spans == ((2, None),)
    assert (await world.say(anna, room)).seq == 3
    assert dense([message.seq for message in await world.log(room)])


async def test_the_next_change_finishes_one_that_hangs(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.group(anna)
    await world.invite(anna, room, ben)
    broken = unreliable(world, "log")
    broken.fail("store", error=Unavailable())
    with pytest.raises(Unavailable):
        await renaming(world, anna, ben, room)
    broken.mend()
    await joining(world, anna, ben, room)
    members = await world.members(room)
    assert (members.title, members.by_user[ben].state, members.version) == ("New title", "joined", 3)


@pytest.mark.parametrize("is_back_early", [False, True])
async def test_a_send_that_waits_for_its_members_is_not_overtaken(world: World, is_back_early: bool) -> None:
    anna, ben, carl = await world.people(3)
    room, elsewhere = await world.group(anna, ben), await world.direct(anna, carl)
    stale = world.chat.members.peek(room)
    assert stale is not None
    await rename(world.chat, world.road, by=anna, conversation=room, title="New title")
    fresh = world.chat.members.peek(room)
    assert fresh is not None
    await world.chat.members.get(elsewhere)
    world.chat.members._known[room] = stale  # as if the first send came just before the change was applied
    allocate, store = world.chat.sequencer.allocate, world.chat.log.store
    entered, stored = asyncio.Event(), asyncio.Event()

    async def slow_allocate(wishes: Any) -> Any:
        entered.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return await allocate(wishes)

    async def slow_store(messages: Any, *, released: Any) -> None:
        world.chat.members._known[room] = fresh  # and now it is
        await stored.wait()
        await store(messages)

    world.chat.sequencer.allocate, world.chat.log.store = slow_allocate, slow_store  # type: ignore[method-assign, assignment]
    first = world.road.submit(world.draft(ben, room, "first"))
    other = world.road.submit(world.draft(anna, elsewhere))
    await entered.wait()
    second = world.road.submit(world.draft(ben, room, "second"))
    for _ in range(3):
        await asyncio.sleep(0)
    if is_back_early:  # while the lane is still busy with the batch before
        while room not in world.road._waiting:
            await asyncio.sleep(0)
        while room in world.road._waiting:
            await asyncio.sleep(0.001)
    stored.set()
    await asyncio.gather(first, second, other)
    assert [message.text for message in (await world.log(room))[-2:]] == ["first", "second"]


async def test_notes_go_while_sends_keep_coming(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lane that is never empty must not leave what it delivered to the repair, which would deliver it again."""
    monkeypatch.setattr("messaging.services.notes.NOTES_SECONDS", 0.0)
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    done, still_ready = world.chat.sequencer.done, []

    async def watched(messages: Any) -> None:
        still_ready.append(any(lane._ready for lane in world.road._lanes.values()))
        await done(messages)

    world.chat.sequencer.done = watched  # type: ignore[method-assign]
    monkeypatch.setattr("messaging.services.lane.BATCH_MAX", 5)
    await asyncio.gather(*(world.road.submit(world.draft(anna, room)) for _ in range(20)))
    await world.road.drain()
    assert any(still_ready)
    assert await world.chat.sequencer.owed(100, "all") == []
