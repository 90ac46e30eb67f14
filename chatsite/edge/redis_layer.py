"""The channel layer of an instance of several processes: Redis pub/sub, one subscription a node, one packet a node and tick."""

import asyncio
import logging
import uuid
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from channels.exceptions import ChannelFull

from chatsite.edge.layer import Handler, NodeLayer, Packet
from chatsite.edge.redis_publisher import Losses, Publisher
from chatsite.edge.redis_subscriber import Subscriber

logger = logging.getLogger(__name__)

READY_SECONDS = 5.0

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[dict[str, Any]])


class RedisLayer(NodeLayer):
    """A channel lives on the Redis that its name, behind the first dot, chooses among `urls`: the same in all processes, in the same order.

    Beyond what Redis takes in time, packets wait in a bounded queue, and are dropped and counted (`losses`) beyond that. A channel hears
    what is sent while it is attached or somebody `receive`s on it; nothing is kept for later, and every process that listens hears all.
    """

    def __init__(self, *, urls: Sequence[str], **options: Any) -> None:
        super().__init__(**options)
        if not urls:
            raise ValueError("The channel layer needs the address of at least one Redis.")
        self.losses = Losses()
        self._urls = tuple(urls)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._publishers: dict[int, Publisher] = {}
        self._subscribers: dict[int, Subscriber] = {}
        self._queues: dict[str, asyncio.Queue[Packet]] = {}

    def attach(self, channel: str, handler: Handler) -> None:
        self._come_home()
        super().attach(channel, handler)
        place = self._place(channel)
        if place not in self._subscribers:
            self._subscribers[place] = Subscriber(self._urls[place], hear=self._hear, missed=self._report_gap)
        self._subscribers[place].add(channel)

    def detach(self, channel: str) -> None:
        super().detach(channel)
        self._queues.pop(channel, None)
        if subscriber := self._subscribers.get(self._place(channel)):
            subscriber.remove(channel)

    async def ready(self) -> bool:
        try:
            async with asyncio.timeout(READY_SECONDS):
                for subscriber in tuple(self._subscribers.values()):
                    await subscriber.ready()
        except TimeoutError:
            logger.warning("this process hears no packets yet; a gap is reported when it does")
            return False
        return True

    async def send_all(self, channels: Iterable[str], message: Packet) -> None:
        self._come_home()
        body = None
        for channel in channels:
            if handler := self._handlers.get(channel):
                handler(message)
                continue
            if body is None:
                body = _encoder.encode(message)
            self._publisher(channel).put(channel, body)

    async def close(self) -> None:
        await super().close()
        links = [*self._publishers.values(), *self._subscribers.values()]
        self._forget()
        await asyncio.gather(*(link.close() for link in links))

    # --- Plain channels of the Channels API -----------------------------------------------------------------------------

    async def new_channel(self, prefix: str = "specific") -> str:
        channel = f"{prefix}.{uuid.uuid4().hex}"
        await self._listen(channel)
        return channel

    async def receive(self, channel: str) -> Packet:
        """The next packet of a plain channel. Listening begins with `new_channel` or the first `receive`, and ends when one is cancelled."""
        queue = self._queues.get(channel) or await self._listen(channel)
        try:
            return await queue.get()
        except asyncio.CancelledError:
            self.detach(channel)
            raise

    async def _listen(self, channel: str) -> asyncio.Queue[Packet]:
        queue: asyncio.Queue[Packet] = asyncio.Queue(maxsize=self.capacity)

        def keep(packet: Packet) -> None:
            try:
                queue.put_nowait(packet)
            except asyncio.QueueFull:
                raise ChannelFull from None

        self.attach(channel, keep)
        self._queues[channel] = queue
        await self.ready()
        return queue

    # --- Inside ---------------------------------------------------------------------------------------------------------

    def _hear(self, channel: str, body: bytes) -> None:
        handler = self._handlers.get(channel)
        if handler is None:  # detached a moment ago
            return
        try:
            packets = _decoder.decode(body)
        except msgspec.DecodeError:
            logger.warning("%s heard something that is no packet", channel)
            return
        for packet in packets:
            try:
                handler(packet)
            except ChannelFull:
                self.losses.add(1)
            except Exception:
                logger.exception("a packet for %s failed", channel)

    def _publisher(self, channel: str) -> Publisher:
        place = self._place(channel)
        publisher = self._publishers.get(place)
        if publisher is None:
            publisher = self._publishers[place] = Publisher(self._urls[place], self.losses)
        return publisher

    def _place(self, channel: str) -> int:
        """`node.one` and `presence.one` share a Redis, so that a node needs but one subscription."""
        owner = channel.partition(".")[2] or channel
        return zlib.crc32(owner.encode()) % len(self._urls)

    def _come_home(self) -> None:
        """Connections belong to the loop that made them. A loop that has ended took its own along."""
        loop = asyncio.get_running_loop()
        if loop is self._loop:
            return
        if self._loop is not None and not self._loop.is_closed():
            raise RuntimeError("The channel layer serves another event loop; close() it there first.")
        self._handlers.clear()
        self._gap_callbacks.clear()
        self._forget()
        self._loop = loop

    def _forget(self) -> None:
        self._publishers, self._subscribers, self._queues = {}, {}, {}
        self._loop = None
