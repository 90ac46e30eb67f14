"""The way out of a socket on any ASGI server: the server's send, stepped by hand, and a queue for a peer that reads slowly."""

import asyncio
import types
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from typing import Any

Event = dict[str, Any]
QUEUE_FRAMES = 1_000
QUEUE_CHARACTERS = 4_000_000


@types.coroutine
def finish(coroutine: Coroutine[Any, Any, None], awaited: Any) -> Generator[Any, None, None]:
    """Goes on with a coroutine that was stepped by hand until it first waited for `awaited`."""
    try:
        while True:
            try:
                yield awaited
            except BaseException as error:  # noqa: BLE001 - cancellation belongs to the coroutine we stand in for
                awaited = coroutine.throw(error)
            else:
                awaited = coroutine.send(None)
    except StopIteration:
        return


class StockWire:
    """Made in the task that reads the socket, which `close` cancels when the peer does not read."""

    def __init__(self, send: Callable[[Event], Coroutine[Any, Any, None]]) -> None:
        self._send = send
        self._queue: deque[Event] = deque()
        self._queued_characters = 0
        self._drain: asyncio.Task[None] | None = None
        self._reader = asyncio.current_task()

    def accept(self, subprotocol: str | None) -> None:
        self._write({"type": "websocket.accept", "subprotocol": subprotocol})

    def write(self, frame: str) -> bool:
        if self._drain is None:
            self._write({"type": "websocket.send", "text": frame})
            return True
        if len(self._queue) >= QUEUE_FRAMES or self._queued_characters + len(frame) > QUEUE_CHARACTERS:
            return False
        self._queued_characters += len(frame)
        self._queue.append({"type": "websocket.send", "text": frame})
        return True

    def close(self, code: int, reason: str) -> None:
        if self._drain is None:
            self._write({"type": "websocket.close", "code": code, "reason": reason})
        else:  # a close frame would wait behind what the peer does not read
            self._drain.cancel()
            if self._reader is not None:
                self._reader.cancel()

    def stop(self) -> None:
        """The socket is gone."""
        if self._drain is not None:
            self._drain.cancel()

    def _write(self, event: Event) -> None:
        """The server's send almost never waits, and then it costs no task."""
        coroutine = self._send(event)
        try:
            awaited = coroutine.send(None)
        except StopIteration:
            return
        except Exception:  # noqa: BLE001 - each server has its own error for a peer that is gone; `receive` tells us too
            return
        self._drain = asyncio.create_task(self._drain_queue(coroutine, awaited))

    async def _drain_queue(self, coroutine: Coroutine[Any, Any, None], awaited: Any) -> None:
        try:
            await finish(coroutine, awaited)
            while self._queue:
                event = self._queue.popleft()
                self._queued_characters -= len(event["text"])
                await self._send(event)
        except Exception:  # noqa: BLE001 - as above
            self._queue.clear()
        self._drain = None
