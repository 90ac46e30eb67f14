"""The pub/sub layer of channels_redis keeps the part of the contract that it can.

It does not promise (docs/decisions/0012-channel-layer.md): that anybody is told of a gap; that sending does not wait for Redis; that what it
has not delivered yet is bounded.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from chatsite.edge.stock_layer import StockLayer
from tests.contracts.layer import Pair, StockContract, ears, hears
from tests.shards import Shards

pytestmark = pytest.mark.servers


@pytest.fixture
async def pair(shards: Shards) -> AsyncIterator[Pair]:
    pair = StockLayer(urls=shards.urls), StockLayer(urls=shards.urls)
    yield pair
    for layer in pair:
        await layer.close()


class TestStockLayer(StockContract):
    pass


async def test_after_redis_was_killed_and_started_again_it_hears_again(pair: Pair, shards: Shards) -> None:
    _, second = await ears(pair)
    shards.kill()
    await pair[0].send(second.channel, {"type": "into the void"})
    await asyncio.to_thread(shards.up)
    assert await hears(pair[0], second)
