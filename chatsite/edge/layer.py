"""Channel layers between nodes. `LocalLayer` serves one process: a packet for a node is a direct call."""

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

from channels.exceptions import ChannelFull
from channels.layers import BaseChannelLayer, get_channel_layer

Packet = dict[str, Any]
Handler = Callable[[Packet], None]


class LocalLayer(BaseChannelLayer):
    """Delivers within the process: to an attached handler at once, to a plain channel through a bounded queue."""

    extensions: tuple[str, ...] = ()

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._handlers: dict[str, Handler] = {}
        self._queues: dict[str, asyncio.Queue[Packet]] = {}

    def attach(self, channel: str, handler: Handler) -> None:
        """Calls `handler` with every packet for `channel`, on the sender's stack; handlers must return at once."""
        self._handlers[channel] = handler

    def detach(self, channel: str) -> None:
        self._handlers.pop(channel, None)

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

    async def receive(self, channel: str) -> Packet:
        queue = self._queues.setdefault(channel, asyncio.Queue(maxsize=self.capacity))
        try:
            return await queue.get()
        finally:
            if queue.empty():
                self._queues.pop(channel, None)


def layer() -> LocalLayer:
    """The configured layer; nobody outside this folder asks Channels for it."""
    return get_channel_layer()  # type: ignore[no-any-return]
