"""The layer within one process: a direct call for nodes, a bounded queue for plain channels."""

import asyncio

import pytest
from channels.exceptions import ChannelFull

from chatsite.edge.layer import LocalLayer, Packet, layer
from tests.contracts.layer import LayerContract, Pair


@pytest.fixture
def pair() -> Pair:
    """Two nodes of one process share its layer."""
    local = LocalLayer()
    return local, local


class TestLocalLayer(LayerContract):
    pass


async def test_an_attached_handler_is_called_at_once() -> None:
    local, heard = LocalLayer(), list[Packet]()
    local.attach("node.one", heard.append)
    await local.send("node.one", {"type": "packet"})
    assert heard == [{"type": "packet"}]
    local.detach("node.one")
    local.detach("node.one")
    await local.send("node.one", {"type": "later"})
    assert len(heard) == 1


async def test_a_plain_channel_keeps_its_order() -> None:
    local = LocalLayer()
    channel = await local.new_channel()
    for number in range(3):
        await local.send(channel, {"number": number})
    assert [(await local.receive(channel))["number"] for _ in range(3)] == [0, 1, 2]


async def test_a_channel_nobody_reads_is_full_and_says_so() -> None:
    local = LocalLayer(capacity=3)
    for number in range(3):
        await local.send("plain", {"number": number})
    with pytest.raises(ChannelFull):
        await local.send("plain", {"number": 3})
    assert (await local.receive("plain"))["number"] == 0
    await local.send("plain", {"number": 4})


async def test_who_waits_is_woken() -> None:
    local = LocalLayer()
    waiting = asyncio.create_task(local.receive("plain"))
    await asyncio.sleep(0)
    await local.send("plain", {"type": "hello"})
    assert await waiting == {"type": "hello"}


async def test_who_gives_up_waiting_takes_nothing_along() -> None:
    local = LocalLayer()
    waiting = asyncio.create_task(local.receive("plain"))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await local.send("plain", {"type": "hello"})
    assert await local.receive("plain") == {"type": "hello"}


async def test_no_two_channels_have_one_name() -> None:
    local = LocalLayer()
    assert len({await local.new_channel() for _ in range(100)}) == 100


def test_the_settings_name_this_layer() -> None:
    assert isinstance(layer(), LocalLayer)
