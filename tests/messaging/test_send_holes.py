"""A seq whose store failed never stays a hole, wherever the process ends."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from chatsite.core.errors import Unavailable
from messaging.protocol.types import Message
from tests.messaging.test_send_faults import unreliable
from tests.messaging.world import World, dense


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


async def test_what_was_numbered_before_a_search_failed_leaves_no_hole_either(world: World) -> None:
    anna, ben, carl = await world.people(3)
    room, elsewhere = await world.direct(anna, ben), await world.direct(anna, carl)
    await world.say(anna, room, "before")
    for _ in range(6):
        await asyncio.gather(*(world.road.submit(world.draft(anna, elsewhere)) for _ in range(100)))
    await world.crash()  # ids are remembered for the newest 512 only: whoever says no `after` is looked for in the log
    for conversation in (room, elsewhere):
        await world.chat.members.get(conversation)  # known, so that both go in one batch
    unreliable(world, "log").fail("find", error=Unavailable(), times=1)
    sends = [world.road.submit(world.draft(anna, room, "stuck")), world.road.submit(world.draft(anna, elsewhere))]
    refusals = await asyncio.gather(*sends, return_exceptions=True)
    assert [type(refusal) for refusal in refusals] == [Unavailable, Unavailable]
    stored: list[list[str]] = []
    store = world.chat.log.store

    async def watched(messages: Sequence[Message], *, released: Mapping[int, int]) -> None:
        stored.append([message.text for message in messages])
        await store(messages)

    world.chat.log.store = watched  # type: ignore[method-assign, assignment]
    await world.say(ben, room, "next")
    assert stored == [["stuck", "next"]]
