"""A Channels consumer for holding many sockets: no thread hop, no task a message, frames written as they come.

Stock consumers wait for `close_old_connections` in a thread before every message and run a task for the channel layer beside each socket. This
one does neither: a frame goes to `receive_frame`, and delivery from elsewhere is a plain call to `deliver`.
"""

import asyncio
import types
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any

from channels.consumer import AsyncConsumer

Event = dict[str, Any]
QUEUE_FRAMES = 1_000
QUEUE_CHARACTERS = 4_000_000
SLOW = 4000


@types.coroutine
def _finish(coroutine: Coroutine[Any, Any, None], awaited: Any) -> Generator[Any, None, None]:
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


class LeanConsumer(AsyncConsumer):
    """Subclasses fill in `opened`, `receive_frame` and `closed`."""

    user_id = 0
    device_id = 0
    heard_at = 0.0

    async def __call__(
        self, scope: dict[str, Any], receive: Callable[[], Awaitable[Event]], send: Callable[[Event], Coroutine[Any, Any, None]]
    ) -> None:
        self._begin(scope, send)
        try:
            await self._run(receive)
        except asyncio.CancelledError:
            if self.close_code is None:  # ours, by `close`, ends quietly; anybody else's goes on up
                raise
        finally:
            self._is_closing = True
            if self._drain is not None:
                self._drain.cancel()
            await self.closed()

    def _begin(self, scope: dict[str, Any], send: Callable[[Event], Coroutine[Any, Any, None]]) -> None:
        self.scope = scope
        self._asgi_send = send
        self._queue: deque[Event] = deque()
        self._queued_characters = 0
        self._drain: asyncio.Task[None] | None = None
        self._is_closing = False
        self.close_code: int | None = None  # what we closed with
        self._task = asyncio.current_task()

    async def _run(self, receive: Callable[[], Awaitable[Event]]) -> None:
        await receive()  # websocket.connect
        await self.opened()
        while True:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                return
            if self._is_closing:
                continue
            text = event.get("text")
            if text is None:
                self.close(1003, "text frames only")
            else:
                await self.receive_frame(text)

    async def opened(self) -> None:
        raise NotImplementedError

    async def receive_frame(self, text: str) -> None:
        raise NotImplementedError

    async def closed(self) -> None:
        raise NotImplementedError

    def accept(self, subprotocol: str | None = None) -> None:
        self._write({"type": "websocket.accept", "subprotocol": subprotocol})

    def deliver(self, frame: str) -> None:
        """Writes a frame now if the peer keeps up, else queues it; a full queue closes the socket with 4000 (resume)."""
        if self._is_closing:
            return
        if self._drain is None:
            self._write({"type": "websocket.send", "text": frame})
            return
        if len(self._queue) >= QUEUE_FRAMES or self._queued_characters + len(frame) > QUEUE_CHARACTERS:
            self.close(SLOW, "too slow")
            return
        self._queued_characters += len(frame)
        self._queue.append({"type": "websocket.send", "text": frame})

    def close(self, code: int, reason: str = "") -> None:
        """Says why, if the peer still reads, and ends this socket."""
        if self._is_closing:
            return
        self.close_code = code
        if self._drain is None:
            self._write({"type": "websocket.close", "code": code, "reason": reason})
            self._is_closing = True
        else:  # the peer reads nothing: a close frame would wait behind what it does not read
            self._is_closing = True
            self._drain.cancel()
            if self._task is not None:
                self._task.cancel()

    def _write(self, event: Event) -> None:
        """Steps the server's send by hand: it almost never waits, and then it costs no task."""
        coroutine = self._asgi_send(event)
        try:
            awaited = coroutine.send(None)
        except StopIteration:
            return
        except Exception:  # noqa: BLE001 - each server has its own error for a peer that is gone; `receive` tells us too
            return
        self._drain = asyncio.create_task(self._drain_queue(coroutine, awaited))

    async def _drain_queue(self, coroutine: Coroutine[Any, Any, None], awaited: Any) -> None:
        try:
            await _finish(coroutine, awaited)
            while self._queue:
                event = self._queue.popleft()
                self._queued_characters -= len(event["text"])
                await self._asgi_send(event)
        except Exception:  # noqa: BLE001 - as above
            self._queue.clear()
        self._drain = None
