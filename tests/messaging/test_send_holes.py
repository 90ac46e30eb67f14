"""A seq whose store failed never stays a hole, wherever the process ends."""

from collections.abc import Sequence

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

    async def store_once(messages: Sequence[Message]) -> None:
        if reached:
            raise Unavailable  # the process is as good as gone
        reached.extend(message.seq for message in messages)
        await store(messages)

    world.chat.log.store = store_once  # type: ignore[method-assign]
    sent = await world.say(ben, room, "next")
    assert sent.seq == 3
    await world.road.drain()
    world.crash()
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
