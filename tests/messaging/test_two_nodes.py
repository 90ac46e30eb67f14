"""Two nodes over one store, with the layer over Redis between them: what fan-out and gaps mean for devices."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from chatsite.edge.hub import Hub
from chatsite.edge.redis_layer import RedisLayer
from messaging.protocol.types import Draft
from messaging.services.chat import Chat
from messaging.services.fanout import fan_out, receive_packets
from messaging.services.gap import Gaps
from messaging.services.send import SendRoad
from tests.messaging.world import Screen, World
from tests.shards import Shards

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

ARRIVAL_SECONDS = 20


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shards]:
    shards = Shards(tmp_path_factory.mktemp("two-nodes"))
    try:
        shards.up()
        yield shards
    finally:
        shards.down()


@pytest.fixture
async def nodes(world: World, shards: Shards) -> AsyncIterator[tuple[Chat, Chat]]:
    one = replace(world.chat, node="one", hub=Hub(), layer=RedisLayer(urls=shards.urls))
    two = replace(world.chat, node="two", hub=Hub(), layer=RedisLayer(urls=shards.urls))
    for chat in (one, two):
        receive_packets(chat)
        assert await chat.layer.ready()
    yield one, two
    for chat in (one, two):
        await chat.layer.close()


async def screen_on(chat: Chat, user: int) -> Screen:
    screen = Screen(user, device=user + 1)
    chat.hub.add(screen)
    await chat.inbox.register(user, chat.node)
    return screen


async def shown(screen: Screen, type: str, count: int = 1) -> None:
    async with asyncio.timeout(ARRIVAL_SECONDS):
        while len(screen.of_type(type)) < count:
            await asyncio.sleep(0.01)


async def say(chat: Chat, draft: Draft) -> None:
    road = SendRoad(chat)
    await road.submit(draft)
    await road.drain()


async def test_a_message_reaches_a_device_on_another_node(nodes: tuple[Chat, Chat], world: World) -> None:
    anna, ben = await world.people(2)
    annas, bens = await screen_on(nodes[0], anna), await screen_on(nodes[1], ben)
    conversation = await world.direct(anna, ben)
    text = "😀" * 99_999
    await say(nodes[0], world.draft(anna, conversation, text))
    await shown(bens, "message")
    for screen in (annas, bens):
        assert [frame["message"]["text"] for frame in screen.of_type("message")] == [text]


async def test_a_frame_reaches_the_sockets_of_its_users_on_both_nodes(nodes: tuple[Chat, Chat], world: World) -> None:
    anna, ben, cleo = await world.people(3)
    asking, here, there, bystander = [
        await screen_on(chat, user) for chat, user in ((nodes[0], anna), (nodes[0], anna), (nodes[1], ben), (nodes[1], cleo))
    ]
    frame = '{"type":"typing"}'
    await fan_out(nodes[0], nodes=await world.chat.inbox.nodes_of([anna, ben]), users=[anna, ben], frame=frame, skip=asking)
    await shown(there, "typing")
    assert [len(screen.frames) for screen in (asking, here, there, bystander)] == [0, 1, 1, 0]


async def test_a_device_learns_after_a_gap_where_its_inbox_ends(nodes: tuple[Chat, Chat], world: World, shards: Shards) -> None:
    anna, ben = await world.people(2)
    bens = await screen_on(nodes[1], ben)
    conversation = await world.direct(anna, ben)
    gaps = Gaps(nodes[1])
    nodes[1].layer.on_gap(gaps.compare_soon)
    shards.kill()
    await say(nodes[0], world.draft(anna, conversation, "said while Redis is away"))
    await asyncio.to_thread(shards.up)
    await shown(bens, "heartbeat")
    assert bens.of_type("heartbeat")[0]["cursor"] == await world.chat.inbox.cursor(ben)
    await gaps.close()
