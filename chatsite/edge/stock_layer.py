"""The pub/sub layer of channels_redis behind our port, for comparison and for those who prefer it.

What it does not promise stands in docs/decisions/0012-channel-layer.md.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Any, cast

from channels_redis.pubsub import RedisPubSubChannelLayer  # type: ignore[import-untyped]
from redis.exceptions import RedisError

from chatsite.edge.layer import Handler, NodeLayer, Packet

logger = logging.getLogger(__name__)

READY_SECONDS = 5.0
PROBE_SECONDS = 0.1
_PROBE = "probe"


class StockLayer(NodeLayer):
    """One task for each attached channel; every packet is a round trip of its own to Redis."""

    def __init__(self, *, urls: Sequence[str], **options: Any) -> None:
        super().__init__(**options)
        self._stock = RedisPubSubChannelLayer(hosts=list(urls))
        self._readers: dict[str, asyncio.Task[None]] = {}
        self._probed: dict[str, asyncio.Event] = {}

    def attach(self, channel: str, handler: Handler) -> None:
        super().attach(channel, handler)
        if channel not in self._readers:
            self._probed[channel] = asyncio.Event()
            self._readers[channel] = asyncio.get_running_loop().create_task(self._read(channel))

    def detach(self, channel: str) -> None:
        super().detach(channel)
        self._probed.pop(channel, None)
        if reader := self._readers.pop(channel, None):
            reader.cancel()

    async def ready(self) -> bool:
        """Sends probes to itself until it hears them: the stock layer does not wait for Redis to confirm a subscription."""
        try:
            async with asyncio.timeout(READY_SECONDS):
                for channel, probed in tuple(self._probed.items()):
                    while not probed.is_set():
                        await self._publish(channel, {"type": _PROBE})
                        await asyncio.sleep(PROBE_SECONDS)
        except TimeoutError:
            return False
        return True

    async def send_all(self, channels: Iterable[str], message: Packet) -> None:
        for channel in channels:
            if handler := self._handlers.get(channel):
                handler(message)
            else:
                await self._publish(channel, message)

    async def close(self) -> None:
        readers = tuple(self._readers.values())
        for channel in tuple(self._readers):
            self.detach(channel)
        await asyncio.gather(*readers, return_exceptions=True)
        await super().close()
        await self._stock.flush()

    async def new_channel(self, prefix: str = "specific.") -> str:
        return cast(str, await self._stock.new_channel(prefix))

    async def receive(self, channel: str) -> Packet:
        return cast(Packet, await self._stock.receive(channel))

    async def _publish(self, channel: str, message: Packet) -> None:
        try:
            await self._stock.send(channel, message)
        except (RedisError, OSError) as error:  # a lost packet costs latency, never a message
            logger.warning("a packet was lost: %s", error)

    async def _read(self, channel: str) -> None:
        while True:
            packet = await self._stock.receive(channel)
            if packet.get("type") == _PROBE:
                self._probed[channel].set()
            elif handler := self._handlers.get(channel):
                try:
                    handler(packet)
                except Exception:
                    logger.exception("a packet for %s failed", channel)
