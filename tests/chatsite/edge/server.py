"""A server as a socket's consumer sees it: frames come in, events go out, and a peer that may stop reading."""

import asyncio
from collections.abc import Callable
from typing import Any

from chatsite.edge.consumer import LeanConsumer
from chatsite.edge.stock import Event


class Peer:
    """Runs a consumer. `stop_reading` makes every send wait until `read_on`."""

    def __init__(self, make: Callable[[], LeanConsumer], **scope: Any) -> None:
        self.consumer = make()
        self.sent: list[Event] = []
        self.error: Exception | None = None  # what the server raises for a peer that is gone
        self._incoming: asyncio.Queue[Event] = asyncio.Queue()
        self._reading = asyncio.Event()
        self._reading.set()
        self._incoming.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.create_task(self.consumer({"type": "websocket", "headers": [], **scope}, self._receive, self._send))

    async def _receive(self) -> Event:
        return await self._incoming.get()

    async def _send(self, event: Event) -> None:
        if self.error is not None:
            raise self.error
        if not self._reading.is_set():
            await self._reading.wait()
        self.sent.append(event)

    def stop_reading(self) -> None:
        self._reading.clear()

    def read_on(self) -> None:
        self._reading.set()

    def say(self, text: str) -> None:
        self._incoming.put_nowait({"type": "websocket.receive", "text": text})

    def say_bytes(self, data: bytes) -> None:
        self._incoming.put_nowait({"type": "websocket.receive", "bytes": data})

    def hang_up(self) -> None:
        self._incoming.put_nowait({"type": "websocket.disconnect", "code": 1005})

    @property
    def frames(self) -> list[str]:
        return [event["text"] for event in self.sent if event["type"] == "websocket.send"]

    @property
    def close_codes(self) -> list[int]:
        return [event["code"] for event in self.sent if event["type"] == "websocket.close"]


async def settle() -> None:
    """Lets everything that can run now run."""
    for _ in range(20):
        await asyncio.sleep(0)
