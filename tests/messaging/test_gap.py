"""After a node may have missed packets, every device on it learns where its inbox ends."""

import asyncio

import pytest

from chatsite.core.errors import Unavailable
from messaging.services import gap
from messaging.services.fanout import fan_out
from messaging.services.gap import Gaps, tell_cursors
from tests.messaging.world import World

pytestmark = pytest.mark.django_db(transaction=True)


async def test_every_device_is_told_the_position_of_its_own_inbox(world: World) -> None:
    anna, ben = await world.people(2)
    phone, tablet, other = await world.screen(anna), await world.screen(anna), await world.screen(ben)
    conversation = await world.direct(anna, ben)
    await world.say(anna, conversation, "Hello")
    await world.road.drain()
    await tell_cursors(world.chat)
    for screen, user in ((phone, anna), (tablet, anna), (other, ben)):
        assert screen.of_type("heartbeat") == [{"type": "heartbeat", "id": None, "cursor": await world.chat.inbox.cursor(user)}]


async def test_positions_are_asked_anew_before_they_are_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = await world.screen(await world.person())
    heard_before: list[int] = []

    async def refresh(*, fully: bool = False) -> None:
        assert fully  # what was learnt a moment ago may be from before the gap
        heard_before.append(len(screen.frames))

    monkeypatch.setattr(world.chat.inbox, "refresh", refresh)
    await tell_cursors(world.chat)
    assert heard_before == [0]
    assert len(screen.of_type("heartbeat")) == 1


async def test_an_inbox_that_is_away_keeps_nobody_else_from_hearing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    anna, ben = await world.people(2)
    away, there = await world.screen(anna), await world.screen(ben)
    cursor = world.chat.inbox.cursor

    async def fail(*, fully: bool = False) -> None:
        raise Unavailable

    async def answer(user: int) -> str:
        if user == anna:
            raise Unavailable
        return await cursor(user)

    monkeypatch.setattr(world.chat.inbox, "refresh", fail)
    monkeypatch.setattr(world.chat.inbox, "cursor", answer)
    await tell_cursors(world.chat)
    assert (len(away.of_type("heartbeat")), len(there.of_type("heartbeat"))) == (0, 1)


async def test_devices_are_told_a_few_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gap, "USERS_AT_ONCE", 2)
    screens = [await world.screen(user) for user in await world.people(5)]
    pauses: list[int] = []

    async def note_pause(seconds: float) -> None:
        pauses.append(sum(len(screen.frames) for screen in screens))

    monkeypatch.setattr(asyncio, "sleep", note_pause)
    await tell_cursors(world.chat)
    assert pauses == [2, 4, 5]


async def test_a_second_gap_is_told_after_the_first(world: World) -> None:
    screen = await world.screen(await world.person())
    gaps = Gaps(world.chat)
    world.chat.layer.on_gap(gaps.compare_soon)
    (report,) = world.chat.layer._gap_callbacks
    report()
    await asyncio.sleep(0)  # it has begun
    report()
    report()
    async with asyncio.timeout(5):
        while len(screen.of_type("heartbeat")) < 2:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    assert len(screen.of_type("heartbeat")) == 2
    gaps.compare_soon()
    await gaps.close()


async def test_a_frame_reaches_this_node_directly_and_others_by_one_packet(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    anna, ben = await world.people(2)
    asking, other, bens = await world.screen(anna), await world.screen(anna), await world.screen(ben)
    sent: list[tuple[list[str], dict[str, object]]] = []

    async def note(channels: list[str], packet: dict[str, object]) -> None:
        sent.append((channels, packet))

    monkeypatch.setattr(world.chat.layer, "send_all", note)
    frame = '{"type":"typing"}'
    await fan_out(world.chat, nodes=["two", world.chat.node, "three"], users=[anna, ben], frame=frame, skip=asking)
    assert [screen.frames for screen in (asking, other, bens)] == [[], [{"type": "typing"}], [{"type": "typing"}]]
    assert sent == [(["node.two", "node.three"], {"type": "packet", "users": [anna, ben], "frame": frame})]
