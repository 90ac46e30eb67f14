"""The port of the channel layer, by which nodes send each other packets, with the adapter for an instance of one process."""

import asyncio
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from channels.exceptions import ChannelFull
from channels.layers import BaseChannelLayer, get_channel_layer

Packet = dict[str, Any]
Handler = Callable[[Packet], None]


class NodeLayer(BaseChannelLayer):
    """A layer of Channels that can also call a handler. The contract is tests/contracts/layer.py.

    A packet may be lost, and may come twice; those that arrive from one sender come in its order. So packets only point at what can be
    read elsewhere. Groups and `flush` are not supported: both raise NotImplementedError. Lives on one event loop at a time.
    """

    extensions: tuple[str, ...] = ()

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._handlers: dict[str, Handler] = {}
        self._gap_callbacks: list[Callable[[], None]] = []

    def attach(self, channel: str, handler: Handler) -> None:
        """Calls `handler` with every packet for `channel`; handlers must return at once. A sender in this process calls it directly."""
        self._handlers[channel] = handler

    def detach(self, channel: str) -> None:
        """From now on the handler is not called. Detaching twice does no harm."""
        self._handlers.pop(channel, None)

    async def ready(self) -> bool:
        """Waits, for some seconds at most, until all that is attached hears every packet sent from now on; answers whether it does."""
        return True

    def on_gap(self, callback: Callable[[], None]) -> None:
        """Calls back, on the layer's loop, whenever packets may have been missed and are heard again from now on."""
        self._gap_callbacks.append(callback)

    async def send(self, channel: str, message: Packet) -> None:
        """Hands over a packet and does not wait for its arrival."""
        await self.send_all((channel,), message)

    async def send_all(self, channels: Iterable[str], message: Packet) -> None:
        """The same packet to several channels, encoded once."""
        raise NotImplementedError

    async def close(self) -> None:
        """Sends what waits, within a bound, detaches all, and lets go of servers. The layer can be used again, on any loop."""
        self._handlers.clear()
        self._gap_callbacks.clear()

    def _report_gap(self) -> None:
        for callback in self._gap_callbacks:
            callback()


class LocalLayer(NodeLayer):
    """Delivers within the process: to an attached handler at once, to a plain channel through a bounded queue."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._queues: dict[str, asyncio.Queue[Packet]] = {}

    async def new_channel(self, prefix: str = "local") -> str:
        return f"{prefix}!{uuid.uuid4().hex}"

    async def send(self, channel: str, message: Packet) -> None:
        """Raises ChannelFull when nobody has read the last `capacity` packets of a plain channel."""
        if handler := self._handlers.get(channel):
            handler(message)
            return
        queue = self._queues.setdefault(channel, asyncio.Queue(maxsize=self.capacity))
        try:
            queue.put_nowait(message)
        except asyncio.QueueFull:
            raise ChannelFull from None

    async def send_all(self, channels: Iterable[str], message: Packet) -> None:
        for channel in channels:
            await self.send(channel, message)

    async def receive(self, channel: str) -> Packet:
        queue = self._queues.setdefault(channel, asyncio.Queue(maxsize=self.capacity))
        try:
            return await queue.get()
        finally:
            if queue.empty():
                self._queues.pop(channel, None)


def layer() -> NodeLayer:
    """The configured layer; nobody outside this folder asks Channels for it."""
    return get_channel_layer()  # type: ignore[no-any-return]
