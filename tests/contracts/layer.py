"""What every channel layer promises (chatsite/edge/layer.py). An adapter's suite gives `pair`: the layers of two nodes."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

import pytest

from chatsite.edge.layer import NodeLayer, Packet

Pair = tuple[NodeLayer, NodeLayer]
ARRIVAL_SECONDS = 20.0


class Ear:
    """Hears one channel on one layer."""

    def __init__(self, layer: NodeLayer, channel: str = "") -> None:
        self.layer = layer
        self.channel = channel or f"node.{uuid4().hex}"
        self.packets: list[Packet] = []
        self._arrived = asyncio.Event()
        layer.attach(self.channel, self._hear)

    def _hear(self, packet: Packet) -> None:
        self.packets.append(packet)
        self._arrived.set()

    async def heard(self, is_enough: Callable[[list[Packet]], bool]) -> list[Packet]:
        async with asyncio.timeout(ARRIVAL_SECONDS):
            while not is_enough(self.packets):
                self._arrived.clear()
                await self._arrived.wait()
        return self.packets

    async def count(self, packets: int) -> list[Packet]:
        return await self.heard(lambda heard: len(heard) >= packets)

    async def last(self) -> Packet:
        return (await self.count(1))[-1]


async def ears(pair: Pair) -> tuple[Ear, Ear]:
    both = Ear(pair[0]), Ear(pair[1])
    for layer in pair:
        assert await layer.ready()
    return both


async def hears(sender: NodeLayer, ear: Ear) -> bool:
    """Sends until something arrives: what is sent while the sender itself still comes back may be lost."""
    before = len(ear.packets)
    for _ in range(200):
        await sender.send(ear.channel, {"type": "knock"})
        await asyncio.sleep(0.05)
        if len(ear.packets) > before:
            return True
    return False


def numbered(count: int) -> list[Packet]:
    return [{"type": "packet", "number": number} for number in range(count)]


class StockContract:
    """The part of the promises that the stock layer keeps too, while its Redis stands."""

    async def test_a_node_hears_what_another_sends_to_it(self, pair: Pair) -> None:
        _, second = await ears(pair)
        await pair[0].send(second.channel, {"type": "packet", "users": [1, 2**63 - 1], "frame": "Hej, 上海 \U0001f600"})
        assert await second.last() == {"type": "packet", "users": [1, 2**63 - 1], "frame": "Hej, 上海 \U0001f600"}

    async def test_each_node_hears_only_its_own(self, pair: Pair) -> None:
        first, second = await ears(pair)
        for sender in pair:
            await sender.send(first.channel, {"type": "for the first"})
            await sender.send(second.channel, {"type": "for the second"})
        await first.count(2)
        await second.count(2)
        assert first.packets == [{"type": "for the first"}] * 2
        assert second.packets == [{"type": "for the second"}] * 2

    async def test_a_packet_for_several_nodes_reaches_each_once(self, pair: Pair) -> None:
        first, second = await ears(pair)
        await pair[0].send_all([first.channel, "node.nobody", second.channel], {"type": "packet"})
        await pair[0].send_all([first.channel, second.channel], {"type": "last"})
        for ear in (first, second):
            await ear.count(2)
            assert ear.packets == [{"type": "packet"}, {"type": "last"}]

    async def test_the_packets_of_a_sender_keep_their_order(self, pair: Pair) -> None:
        _, second = await ears(pair)
        for packet in numbered(200):
            await pair[0].send(second.channel, packet)
            if packet["number"] % 7 == 0:
                await asyncio.sleep(0)
        assert await second.count(200) == numbered(200)

    async def test_a_burst_arrives_whole(self, pair: Pair) -> None:
        _, second = await ears(pair)
        for packet in numbered(5_000):
            await pair[0].send(second.channel, packet)
        assert await second.count(5_000) == numbered(5_000)

    async def test_the_largest_frame_arrives_whole(self, pair: Pair) -> None:
        _, second = await ears(pair)
        frame = "\U0001f600" * 100_000
        await pair[0].send(second.channel, {"type": "packet", "frame": frame})
        assert (await second.last())["frame"] == frame

    async def test_many_large_frames_arrive_in_order(self, pair: Pair) -> None:
        _, second = await ears(pair)
        for number in range(20):
            await pair[0].send(second.channel, {"type": "packet", "frame": f"{number}" * 100_000})
        packets = await second.count(20)
        assert [packet["frame"] for packet in packets] == [f"{number}" * 100_000 for number in range(20)]

    async def test_a_packet_of_ones_own_comes_at_once_and_as_it_is(self, pair: Pair) -> None:
        first, _ = await ears(pair)
        packet = {"type": "packet", "skip": object()}
        await pair[0].send(first.channel, packet)
        assert len(first.packets) == 1
        assert first.packets[0] is packet

    async def test_who_is_detached_hears_nothing_more(self, pair: Pair) -> None:
        first, second = await ears(pair)
        await pair[0].send(second.channel, {"type": "before"})
        await second.last()
        second.layer.detach(second.channel)
        second.layer.detach(second.channel)
        await pair[0].send(second.channel, {"type": "after"})
        await pair[1].send(second.channel, {"type": "after"})
        await pair[1].send(first.channel, {"type": "still heard"})
        assert (await first.last())["type"] == "still heard"
        assert [packet["type"] for packet in second.packets] == ["before"]

    async def test_who_is_attached_again_hears_again(self, pair: Pair) -> None:
        _, second = await ears(pair)
        second.layer.detach(second.channel)
        again = Ear(second.layer, second.channel)
        assert await second.layer.ready()
        await pair[0].send(second.channel, {"type": "packet"})
        await again.last()
        assert second.packets == []

    async def test_what_nobody_hears_does_no_harm(self, pair: Pair) -> None:
        _, second = await ears(pair)
        for _ in range(50):
            await pair[0].send("node.gone", {"type": "packet"})
        await pair[0].send(second.channel, {"type": "packet"})
        await second.last()

    async def test_a_layer_can_be_used_again_after_it_was_closed(self, pair: Pair) -> None:
        _, second = await ears(pair)
        await pair[1].close()
        await pair[0].send(second.channel, {"type": "meanwhile"})
        again = Ear(pair[1], second.channel)
        assert await pair[1].ready()
        await pair[0].send(second.channel, {"type": "packet"})
        assert (await again.heard(lambda heard: {"type": "packet"} in heard))[-1] == {"type": "packet"}
        assert second.packets == []

    async def test_groups_are_refused(self, pair: Pair) -> None:
        for refused in (
            pair[0].group_add("g", "c"),
            pair[0].group_discard("g", "c"),
            pair[0].group_send("g", {}),
            pair[0].flush(),
        ):
            with pytest.raises(NotImplementedError):
                await refused

    async def test_plain_channels_work_as_channels_says(self, pair: Pair) -> None:
        layer = pair[1]
        channel, other = await layer.new_channel(), await layer.new_channel()
        assert channel != other
        assert layer.require_valid_channel_name(channel)
        waiting = asyncio.create_task(layer.receive(channel))
        await asyncio.sleep(0.2)
        await layer.send(channel, {"type": "hello"})
        assert await asyncio.wait_for(waiting, ARRIVAL_SECONDS) == {"type": "hello"}

    async def test_a_handler_that_fails_does_not_make_the_node_deaf(self, pair: Pair) -> None:
        _, second = await ears(pair)
        heard: list[Packet] = []

        def fail_once(packet: Packet) -> None:
            heard.append(packet)
            if len(heard) == 1:
                raise LookupError

        pair[1].attach(second.channel, fail_once)
        for packet in numbered(3):
            with suppress(LookupError):  # within one process the sender itself calls the handler
                await pair[0].send(second.channel, packet)
        async with asyncio.timeout(ARRIVAL_SECONDS):
            while len(heard) < 3:
                await asyncio.sleep(0.01)
        assert heard == numbered(3)


class LayerContract(StockContract):
    """All of them."""

    async def test_sending_never_waits(self, pair: Pair) -> None:
        _, second = await ears(pair)
        turns = 0

        async def count_turns() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.create_task(count_turns())
        await asyncio.sleep(0)
        before = turns
        for packet in numbered(100):
            await pair[0].send(second.channel, packet)
        assert turns == before
        counting.cancel()
        assert await second.count(100) == numbered(100)
