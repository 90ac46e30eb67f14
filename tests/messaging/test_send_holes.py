"""A seq whose store failed never stays a hole, wherever the process ends."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from chatsite.core.errors import Unavailable
from messaging.protocol.types import Message, Sent
from messaging.services.owed import finish_owed
from messaging.stores.log.base import NOTHING, NotStored, Wanted
from tests.messaging.test_send_faults import unreliable
from tests.messaging.world import Unreliable, World, dense


async def test_a_crash_right_after_the_next_store_leaves_no_hole(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    await world.say(anna, room, "before")
    unreliable(world, "log").fail("store", error=Unavailable(), times=1)
    with pytest.raises(Unavailable):
        await world.say(anna, room, "stuck")
    reached: list[int] = []
    store = world.chat.log.store

    async def store_once(messages: Sequence[Message], *, released: Mapping[int, int]) -> None:
        if reached:
            raise Unavailable  # the process is as good as gone
        reached.extend(message.seq for message in messages)
        await store(messages)

    world.chat.log.store = store_once  # type: ignore[method-assign, assignment]
    sent = await world.say(ben, room, "next")
    assert sent.seq == 3
    await world.road.drain()
    await world.crash()
    log = await world.log(room)
    assert dense([message.seq for message in log])
    assert [message.text for message in log] == ["before", "stuck", "next"]


async def test_other_conversations_are_not_held_up_by_one_whose_store_failed(world: World) -> None:
    anna, ben, carl = await world.people(3)
    room, elsewhere = await world.direct(anna, ben), await world.direct(anna, carl)
    unreliable(world, "log").fail("store", error=Unavailable(), times=1)
    with pytest.raises(Unavailable):
        await world.say(anna, room, "stuck")
    assert (await world.say(anna, elsewhere)).seq == 1
    await world.road.drain()
    assert (await world.say(ben, room, "next")).seq == 2
    assert [message.text for message in await world.log(room)] == ["stuck", "next"]


async def test_a_search_that_fails_refuses_only_the_send_it_was_for(world: World) -> None:
    anna, ben, carl = await world.people(3)
    room, elsewhere = await world.direct(anna, ben), await world.direct(anna, carl)
    await world.say(anna, room, "before")
    for _ in range(6):
        await asyncio.gather(*(world.road.submit(world.draft(anna, elsewhere)) for _ in range(100)))
    await world.crash()  # ids are remembered for the newest 512 only: whoever says no `after` is looked for in the log
    for conversation in (room, elsewhere):
        await world.chat.members.get(conversation)  # known, so that both go in one batch
    unreliable(world, "log").fail("find", error=Unavailable(), times=1)
    sends = [world.road.submit(world.draft(anna, room, "goes")), world.road.submit(world.draft(anna, elsewhere))]
    other, refusal = await asyncio.gather(*sends, return_exceptions=True)
    assert isinstance(other, Sent)
    assert isinstance(refusal, Unavailable)
    assert (await world.say(anna, elsewhere)).seq == 601


async def test_a_long_search_holds_up_its_own_conversation_only_and_nobody_there_is_overtaken(world: World) -> None:
    anna, ben, carl = await world.people(3)
    room, elsewhere = await world.direct(anna, ben), await world.direct(anna, carl)
    for _ in range(6):
        await asyncio.gather(*(world.road.submit(world.draft(anna, elsewhere)) for _ in range(100)))
    await world.crash()
    for conversation in (room, elsewhere):
        await world.chat.members.get(conversation)
    find, searching, may_end = world.chat.log.find, asyncio.Event(), asyncio.Event()

    async def slow_find(wanted: Sequence[Wanted]) -> list[Message | None]:
        searching.set()
        await may_end.wait()
        return await find(wanted)

    world.chat.log.find = slow_find  # type: ignore[method-assign]
    first = world.road.submit(world.draft(anna, elsewhere, "first"))
    await searching.wait()
    second = world.road.submit(world.draft(anna, elsewhere, "second", after=600))
    async with asyncio.timeout(5):
        assert (await world.say(anna, room)).seq == 1
    assert not second.done()
    may_end.set()
    assert [sent.seq for sent in await asyncio.gather(first, second)] == [601, 602]


async def test_a_conversation_that_cannot_be_stored_keeps_no_other_from_its_acks(world: World) -> None:
    anna, ben, carl = await world.people(3)
    room, elsewhere = await world.direct(anna, ben), await world.direct(anna, carl)
    for conversation in (room, elsewhere):
        await world.chat.members.get(conversation)
    store = world.chat.log.store

    async def store_others(messages: Sequence[Message], *, released: Mapping[int, int] = NOTHING) -> None:
        await store([message for message in messages if message.conversation != room], released=released)
        if any(message.conversation == room for message in messages):
            raise NotStored(frozenset({room}))

    world.chat.log.store = store_others  # type: ignore[method-assign]
    sends = [world.road.submit(world.draft(anna, room, "stuck")), world.road.submit(world.draft(anna, elsewhere))]
    refusal, other = await asyncio.gather(*sends, return_exceptions=True)
    assert isinstance(refusal, Unavailable)
    assert isinstance(other, Sent)
    await world.road.drain()
    cursor = await world.chat.inbox.cursor(carl)
    world.chat.inbox, inbox = Unreliable(world.chat.inbox), world.chat.inbox
    world.chat.inbox.fail("spread", error=Unavailable())
    await world.say(anna, elsewhere, "owed")
    await world.road.drain()
    world.chat.inbox = inbox
    world.clock.forward(5)
    assert await finish_owed(world.chat) == 1
    assert await world.inbox_seqs(carl, elsewhere, cursor) == [2]
    world.chat.log.store = store  # type: ignore[method-assign]
    assert (await world.say(ben, room, "next")).seq == 2
    assert [message.text for message in await world.log(room)] == ["stuck", "next"]
