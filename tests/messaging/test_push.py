"""Who gets a push notice: a device that lacks the message, unless it was read, and never the text."""

from collections.abc import Sequence

import pytest

from messaging.services.membership import leave
from messaging.services.push import push_due
from messaging.services.receipts import mark_delivered, mark_read
from notifications.gateways.base import Notice
from notifications.services.push import Pusher
from tests.contracts.clock import MovableClock
from tests.messaging.world import World

DELAY_SECONDS = 3


class Tray(Pusher):
    """Keeps the notices that went out; `refuse` makes the push service fail."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self.refuse = False

    async def push(self, notices: Sequence[Notice]) -> None:
        if self.refuse:
            raise ConnectionError
        self.notices += notices


@pytest.fixture
def tray() -> Tray:
    return Tray()


async def test_each_device_that_lacks_the_message_gets_one_notice(world: World, clock: MovableClock, tray: Tray) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    phone, tablet = await world.device(ben), await world.device(ben)
    await world.device(anna)
    for _ in range(3):
        await world.say(anna, room, "a secret")
    await world.road.drain()
    assert await push_due(world.chat, tray, clock=clock) == 0
    clock.forward(DELAY_SECONDS)
    assert await push_due(world.chat, tray, clock=clock) == 2
    assert sorted(tray.notices, key=lambda notice: notice.device) == [
        Notice(device=device, conversation=room, seq=3, badge=3) for device in sorted((phone, tablet))
    ]
    assert {notice.collapse_id for notice in tray.notices} == {f"conversation-{room}"}
    assert "secret" not in repr(tray.notices)
    clock.forward(600)
    assert await push_due(world.chat, tray, clock=clock) == 0


async def test_a_device_that_has_the_message_gets_none_and_the_other_one(world: World, clock: MovableClock, tray: Tray) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    phone, tablet = await world.device(ben), await world.device(ben)
    await world.say(anna, room)
    await mark_delivered(world.chat, world.buffer, receiver=ben, device=phone, conversation=room, upto=1)
    await world.road.drain()
    clock.forward(DELAY_SECONDS)
    await push_due(world.chat, tray, clock=clock)
    assert [notice.device for notice in tray.notices] == [tablet]


async def test_an_older_acknowledgement_does_not_count(world: World, clock: MovableClock, tray: Tray) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    phone = await world.device(ben)
    await world.say(anna, room)
    await mark_delivered(world.chat, world.buffer, receiver=ben, device=phone, conversation=room, upto=99)
    assert await world.chat.inbox.acknowledged([phone], room) == [1]
    await world.say(anna, room)
    await world.road.drain()
    clock.forward(DELAY_SECONDS)
    await push_due(world.chat, tray, clock=clock)
    assert [(notice.device, notice.seq) for notice in tray.notices] == [(phone, 2)]


async def test_what_was_read_anywhere_is_pushed_nowhere(world: World, clock: MovableClock, tray: Tray) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    phone, _ = await world.device(ben), await world.device(ben)
    await world.say(anna, room)
    await mark_read(world.chat, world.buffer, reader=ben, device=phone, conversation=room, upto=1)
    await world.road.drain()
    clock.forward(DELAY_SECONDS)
    assert await push_due(world.chat, tray, clock=clock) == 0


async def test_who_left_meanwhile_gets_none(world: World, clock: MovableClock, tray: Tray) -> None:
    anna, ben = await world.people(2)
    room = await world.group(anna, ben)
    await world.device(ben)
    await leave(world.chat, world.road, user=ben, conversation=room)
    await world.say(anna, room)
    await world.road.drain()
    clock.forward(DELAY_SECONDS)
    assert await push_due(world.chat, tray, clock=clock) == 0


async def test_system_messages_push_nobody(world: World, clock: MovableClock, tray: Tray) -> None:
    anna, ben = await world.people(2)
    await world.device(anna)
    await world.group(anna, ben)
    await world.road.drain()
    clock.forward(DELAY_SECONDS)
    assert await push_due(world.chat, tray, clock=clock) == 0


async def test_a_push_service_that_fails_is_tried_again(world: World, clock: MovableClock, tray: Tray) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    await world.device(ben)
    await world.say(anna, room)
    await world.road.drain()
    clock.forward(DELAY_SECONDS)
    tray.refuse = True
    with pytest.raises(ConnectionError):
        await push_due(world.chat, tray, clock=clock)
    tray.refuse = False
    clock.forward(60)
    assert await push_due(world.chat, tray, clock=clock) == 1
