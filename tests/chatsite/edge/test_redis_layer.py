"""The layer over Redis: the contract, what it costs Redis, and its way back after every loss."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from channels.exceptions import ChannelFull

from chatsite.edge import redis_publisher, redis_subscriber
from chatsite.edge.redis_layer import RedisLayer
from tests.contracts.layer import ARRIVAL_SECONDS, Ear, LayerContract, Pair, ears, hears, numbered
from tests.shards import Shards

pytestmark = pytest.mark.servers

NOWHERE = "redis://127.0.0.1:9/0"


@pytest.fixture
async def pair(shards: Shards) -> AsyncIterator[Pair]:
    pair = RedisLayer(urls=shards.urls), RedisLayer(urls=shards.urls)
    yield pair
    for layer in pair:
        await layer.close()


class TestRedisLayer(LayerContract):
    pass


async def wait_for_gap(layer: RedisLayer) -> None:
    """Returns when the layer has reported a gap from now on."""
    told = asyncio.Event()
    layer.on_gap(told.set)
    await asyncio.wait_for(told.wait(), ARRIVAL_SECONDS)


def subscribers(shards: Shards, channel: str) -> list[int]:
    """Of a channel, on each shard."""
    return [int(count) for _, count in shards.say("PUBSUB", "NUMSUB", channel)]


def subscriptions(shards: Shards) -> list[bytes]:
    """The connections that subscribe."""
    return [line for listed in shards.say("CLIENT", "LIST", "TYPE", "pubsub") for line in listed.splitlines()]


# --- What it costs Redis -----------------------------------------------------------------------------------------------


async def test_a_node_has_one_subscription_and_a_tick_is_one_publish(pair: tuple[RedisLayer, RedisLayer], shards: Shards) -> None:
    _, second = await ears(pair)
    before = shards.calls("publish")
    for packet in numbered(100):
        await pair[0].send(second.channel, packet)
    await second.count(100)
    assert shards.calls("publish") - before == 1


async def test_what_comes_while_a_batch_is_under_way_goes_together(pair: tuple[RedisLayer, RedisLayer], shards: Shards) -> None:
    _, second = await ears(pair)
    before = shards.calls("publish")
    for packet in numbered(100):
        await pair[0].send(second.channel, packet)
        await asyncio.sleep(0)
    await second.count(100)
    assert shards.calls("publish") - before < 100


async def test_a_large_batch_is_cut_so_that_who_hears_it_can_do_other_things_between(
    pair: tuple[RedisLayer, RedisLayer], shards: Shards
) -> None:
    _, second = await ears(pair)
    before = shards.calls("publish")
    for packet in numbered(redis_publisher.BATCH_PACKETS * 2 + 1):
        await pair[0].send(second.channel, packet)
    await second.count(redis_publisher.BATCH_PACKETS * 2 + 1)
    assert shards.calls("publish") - before == 3


async def test_who_is_detached_costs_redis_nothing_more(pair: tuple[RedisLayer, RedisLayer], shards: Shards) -> None:
    _, second = await ears(pair)
    assert sum(subscribers(shards, second.channel)) == 1
    pair[1].detach(second.channel)
    async with asyncio.timeout(ARRIVAL_SECONDS):
        while any(subscribers(shards, second.channel)):
            await asyncio.sleep(0.01)


async def test_a_nodes_channels_share_one_subscription(shards: Shards) -> None:
    layer = RedisLayer(urls=shards.urls)
    before = len(subscriptions(shards))
    for kind in ("node", "presence"):
        layer.attach(f"{kind}.host.example-1", lambda packet: None)
    assert await layer.ready()
    assert len(subscriptions(shards)) - before == 1
    await layer.close()


async def test_local_packets_do_not_go_to_redis(pair: tuple[RedisLayer, RedisLayer], shards: Shards) -> None:
    first, _ = await ears(pair)
    before = shards.calls("publish")
    await pair[0].send(first.channel, {"type": "packet"})
    await pair[0].close()
    assert (len(first.packets), shards.calls("publish") - before) == (1, 0)


async def test_closing_sends_what_waits(pair: tuple[RedisLayer, RedisLayer]) -> None:
    _, second = await ears(pair)
    await pair[0].send(second.channel, {"type": "goodbye"})
    await pair[0].close()
    assert await second.last() == {"type": "goodbye"}


# --- Losses ------------------------------------------------------------------------------------------------------------


async def test_after_its_connection_was_killed_a_node_hears_again_and_reports_the_gap(
    pair: tuple[RedisLayer, RedisLayer], shards: Shards
) -> None:
    _, second = await ears(pair)
    gap = asyncio.create_task(wait_for_gap(pair[1]))
    await asyncio.sleep(0)
    shards.say("CLIENT", "KILL", "TYPE", "pubsub")
    await gap
    await pair[0].send(second.channel, {"type": "packet"})
    assert await second.last() == {"type": "packet"}


async def test_after_a_sender_lost_its_connection_its_next_packets_arrive_in_order(
    pair: tuple[RedisLayer, RedisLayer], shards: Shards
) -> None:
    _, second = await ears(pair)
    await pair[0].send(second.channel, {"type": "before"})
    await second.last()
    shards.say("CLIENT", "KILL", "TYPE", "normal")
    for packet in numbered(10):
        await pair[0].send(second.channel, packet)
    assert (await second.count(11))[1:] == numbered(10)
    assert pair[0].losses.count == 0


async def test_after_redis_was_killed_and_started_again_everything_works_and_the_gap_is_reported(
    pair: tuple[RedisLayer, RedisLayer], shards: Shards
) -> None:
    _, second = await ears(pair)
    gap = asyncio.create_task(wait_for_gap(pair[1]))
    await asyncio.sleep(0)
    shards.kill()
    await pair[0].send(second.channel, {"type": "into the void"})
    await asyncio.to_thread(shards.up)
    await gap
    assert await hears(pair[0], second)


async def test_a_frozen_redis_is_noticed_and_the_gap_reported(
    pair: tuple[RedisLayer, RedisLayer], shards: Shards, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_subscriber, "PING_SECONDS", 0.1)
    monkeypatch.setattr(redis_subscriber, "SILENCE_SECONDS", 0.3)
    _, second = await ears(pair)
    gap = asyncio.create_task(wait_for_gap(pair[1]))
    shards.freeze()
    try:
        await asyncio.sleep(1)
    finally:
        shards.thaw()
    await gap
    assert await hears(pair[0], second)


async def test_a_quiet_subscription_lives(pair: tuple[RedisLayer, RedisLayer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_subscriber, "PING_SECONDS", 0.05)
    monkeypatch.setattr(redis_subscriber, "SILENCE_SECONDS", 0.2)
    _, second = await ears(pair)
    gap = asyncio.create_task(wait_for_gap(pair[1]))
    await asyncio.sleep(1)
    assert not gap.done()
    gap.cancel()
    await pair[0].send(second.channel, {"type": "packet"})
    await second.last()


async def test_a_reader_that_redis_drops_for_its_backlog_comes_back(pair: tuple[RedisLayer, RedisLayer], shards: Shards) -> None:
    _, second = await ears(pair)
    shards.say("CONFIG", "SET", "client-output-buffer-limit", "pubsub 100kb 0 0")
    try:
        gap = asyncio.create_task(wait_for_gap(pair[1]))
        for number in range(15):
            await pair[0].send(second.channel, {"type": "packet", "frame": f"{number}" * 900_000})
        await gap
        assert await hears(pair[0], second)
    finally:
        shards.say("CONFIG", "SET", "client-output-buffer-limit", "pubsub 32mb 8mb 60")


async def test_a_node_that_starts_while_redis_is_away_hears_later_and_is_told(
    shards: Shards, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatsite.edge.redis_layer.READY_SECONDS", 0.1)
    shards.kill()
    layer = RedisLayer(urls=shards.urls)
    try:
        ear = Ear(layer)
        assert not await layer.ready()
        gap = asyncio.create_task(wait_for_gap(layer))
        await asyncio.to_thread(shards.up)
        await gap
        assert await layer.ready()
        sender = RedisLayer(urls=shards.urls)
        await sender.send(ear.channel, {"type": "packet"})
        await ear.last()
        await sender.close()
    finally:
        await layer.close()


# --- Bounds ------------------------------------------------------------------------------------------------------------


async def test_what_finds_no_room_is_dropped_counted_and_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(redis_publisher, "PACKETS_MAX", 10)
    monkeypatch.setattr(redis_publisher, "CLOSE_SECONDS", 0.1)
    layer = RedisLayer(urls=[NOWHERE])
    with caplog.at_level(logging.WARNING):
        for packet in numbered(15):
            await layer.send("node.away", packet)
    assert layer.losses.count == 5
    assert len([record for record in caplog.records if "dropped" in record.message]) == 1
    await layer.close()
    assert layer.losses.count == 15


async def test_what_waits_is_bounded_by_its_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_publisher, "BYTES_MAX", 100_000)
    monkeypatch.setattr(redis_publisher, "CLOSE_SECONDS", 0.1)
    layer = RedisLayer(urls=[NOWHERE])
    for _ in range(3):
        await layer.send("node.away", {"type": "packet", "frame": "x" * 49_000})
    assert layer.losses.count == 1
    await layer.close()


async def test_a_plain_channel_that_nobody_reads_is_full_for_its_own_process_and_drops_for_others(shards: Shards) -> None:
    layer, other = RedisLayer(urls=shards.urls, capacity=3), RedisLayer(urls=shards.urls)
    try:
        channel = await layer.new_channel()
        for packet in numbered(3):
            await layer.send(channel, packet)
        with pytest.raises(ChannelFull):
            await layer.send(channel, {"type": "packet"})
        ear = Ear(layer)
        assert await layer.ready()
        await other.send(channel, {"type": "too much"})
        assert await hears(other, ear)
        assert [await layer.receive(channel) for _ in range(3)] == numbered(3)
        async with asyncio.timeout(ARRIVAL_SECONDS):
            while not layer.losses.count:
                await asyncio.sleep(0.01)
    finally:
        await layer.close()
        await other.close()


async def test_what_is_no_packet_harms_nobody(pair: tuple[RedisLayer, RedisLayer], shards: Shards) -> None:
    _, second = await ears(pair)
    shards.say("PUBLISH", second.channel, "\xff nonsense")
    await pair[0].send(second.channel, {"type": "packet"})
    assert await second.last() == {"type": "packet"}


# --- Accounts on Redis -----------------------------------------------------------------------------------------------


@pytest.fixture
def guarded(shards: Shards) -> Iterator[Callable[[str], list[str]]]:
    """Addresses for accounts of these names: `any` may do all, `mute` may not publish, `deaf` may not subscribe."""
    for name, rights in (("any", ()), ("mute", ("-publish",)), ("deaf", ("-subscribe",))):
        shards.say("ACL", "SETUSER", name, "on", ">p@ss", "~*", "&*", "+@all", *rights)
    yield lambda name: [url.replace("redis://", f"redis://{name}:p%40ss@") for url in shards.urls]
    shards.say("ACL", "DELUSER", "any", "mute", "deaf")


async def test_an_account_is_used_when_the_address_names_one(guarded: Callable[[str], list[str]]) -> None:
    sender, hearer = RedisLayer(urls=guarded("any")), RedisLayer(urls=guarded("any"))
    ear = Ear(hearer)
    assert await hearer.ready()
    await sender.send(ear.channel, {"type": "packet"})
    await ear.last()
    for layer in (sender, hearer):
        await layer.close()


async def test_a_wrong_password_is_told_without_naming_it(
    shards: Shards, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("chatsite.edge.redis_layer.READY_SECONDS", 0.2)
    layer = RedisLayer(urls=[url.replace("redis://", "redis://any:wrong@") for url in shards.urls])
    Ear(layer)
    with caplog.at_level(logging.WARNING):
        assert not await layer.ready()
    await layer.close()
    assert "WRONGPASS" in caplog.text
    assert "any:wrong" not in caplog.text


async def test_what_redis_refuses_is_dropped_and_counted(guarded: Callable[[str], list[str]]) -> None:
    layer = RedisLayer(urls=guarded("mute"))
    for packet in numbered(3):
        await layer.send("node.one", packet)
    await layer.close()
    assert layer.losses.count == 3


async def test_a_refused_subscription_is_told_and_tried_again(
    guarded: Callable[[str], list[str]], shards: Shards, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("chatsite.edge.redis_layer.READY_SECONDS", 0.2)
    layer = RedisLayer(urls=guarded("deaf"))
    ear = Ear(layer)
    with caplog.at_level(logging.WARNING):
        assert not await layer.ready()
    assert "refuses" in caplog.text
    gap = asyncio.create_task(wait_for_gap(layer))
    shards.say("ACL", "SETUSER", "deaf", "+subscribe")
    await gap
    sender = RedisLayer(urls=shards.urls)
    await sender.send(ear.channel, {"type": "packet"})
    await ear.last()
    for one in (layer, sender):
        await one.close()


# --- Loops -------------------------------------------------------------------------------------------------------------


def test_a_layer_goes_on_in_the_next_loop_when_the_first_has_ended(shards: Shards) -> None:
    layer = RedisLayer(urls=shards.urls)

    async def talk(*, close: bool) -> None:
        ear, other = Ear(layer), RedisLayer(urls=shards.urls)
        assert await layer.ready()
        await other.send(ear.channel, {"type": "packet"})
        await ear.last()
        await other.close()
        if close:
            await layer.close()

    asyncio.run(talk(close=False))
    asyncio.run(talk(close=True))


def test_a_layer_serves_one_loop_at_a_time(shards: Shards) -> None:
    layer = RedisLayer(urls=shards.urls)

    async def talk() -> None:
        await layer.send("node.one", {"type": "packet"})
        with pytest.raises(RuntimeError, match="another event loop"):
            await asyncio.to_thread(asyncio.run, layer.send("node.one", {"type": "packet"}))
        await layer.close()

    asyncio.run(talk())


def test_a_layer_needs_a_redis() -> None:
    with pytest.raises(ValueError, match="at least one Redis"):
        RedisLayer(urls=[])
