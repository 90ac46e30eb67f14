"""A Channels consumer for holding many sockets: no thread hop, no task a message, frames written as they come.

Stock consumers wait for `close_old_connections` in a thread before every message and run a task for the channel layer beside each socket. This
one does neither: a frame goes to `receive_frame`, and delivery from elsewhere is a plain call to `deliver`. Under our own protocol (slim.py) it
is detached: once the socket is open, no coroutine, scope or header is kept for it. Under any other ASGI server it runs its loop.
"""

import asyncio
import contextvars
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from channels.consumer import AsyncConsumer

from chatsite.edge.stock import Event, StockWire, finish

logger = logging.getLogger(__name__)

DETACH = "chatsite.detach"  # the extension in a scope: called with a consumer, it answers with its wire
SLOW, FAILED = 4000, 1011
WAITING_MAX = 64  # frames that wait for an earlier one; then no more is read


class Wire(Protocol):
    """The way out of one socket. Every method returns at once."""

    def accept(self, subprotocol: str | None) -> None: ...

    def write(self, frame: str) -> bool:
        """Writes a frame, or keeps it while the peer reads slowly; False when too much is kept already."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Says why, if the peer still reads, and ends the socket."""
        ...


class DetachedWire(Wire, Protocol):
    """The same, of a server that calls `received` and `lost`."""

    def resume(self) -> None:
        """What had been read is obeyed: go on reading."""
        ...

    def run(self, coroutine: Coroutine[Any, Any, None], context: contextvars.Context) -> None:
        """Runs it as a task of the server, which waits for it before it ends."""
        ...


class LeanConsumer(AsyncConsumer):
    """Subclasses fill in `opened`, `receive_frame` and `closed`. `close_code` is what we closed with."""

    user_id = 0
    device_id = 0
    heard_at = 0.0
    close_code: int | None = None
    _is_closing = False
    _is_lost = False
    _waiting: deque[str] | None = None  # detached: frames that came while an earlier one is obeyed; None: none is
    _wire: Wire

    async def __call__(
        self, scope: dict[str, Any], receive: Callable[[], Awaitable[Event]], send: Callable[[Event], Coroutine[Any, Any, None]]
    ) -> None:
        detach = scope.get("extensions", {}).get(DETACH)
        if detach is None:
            await self._run(scope, receive, send)
            return
        self._waiting = deque()
        self._wire = detach(self)
        try:
            await self.opened(scope)
        finally:
            await self._obey_waiting()

    async def opened(self, scope: dict[str, Any]) -> None:
        """Accepts the socket, or closes it. Keep nothing of the scope."""
        raise NotImplementedError

    def receive_frame(self, text: str) -> Coroutine[Any, Any, None] | None:
        """Obeys a frame; what has to wait for something is answered with, and run. Frames are obeyed one after another."""
        raise NotImplementedError

    async def closed(self) -> None:
        raise NotImplementedError

    def accept(self, subprotocol: str | None = None) -> None:
        self._wire.accept(subprotocol)

    def deliver(self, frame: str) -> None:
        """Writes a frame now if the peer keeps up, else keeps it for a while; too much of it closes the socket with 4000 (resume)."""
        if not self._is_closing and not self._wire.write(frame):
            self.close(SLOW, "too slow")

    def close(self, code: int, reason: str = "") -> None:
        """Says why, if the peer still reads, and ends this socket."""
        if self._is_closing:
            return
        self.close_code = code
        self._is_closing = True
        self._wire.close(code, reason)

    # --- Under any ASGI server --------------------------------------------------------------------------------------------

    async def _run(
        self, scope: dict[str, Any], receive: Callable[[], Awaitable[Event]], send: Callable[[Event], Coroutine[Any, Any, None]]
    ) -> None:
        wire = self._wire = StockWire(send)
        try:
            await receive()  # websocket.connect
            await self.opened(scope)
            while (event := await receive())["type"] != "websocket.disconnect":
                if self._is_closing:
                    continue
                text = event.get("text")
                if text is None:
                    self.refuse_binary()
                elif (rest := self.receive_frame(text)) is not None:
                    await rest
        except asyncio.CancelledError:
            if self.close_code is None:  # ours, by `close`, ends quietly; anybody else's goes on up
                raise
        finally:
            self._is_closing = True
            wire.stop()
            await self.closed()

    def refuse_binary(self) -> None:
        self.close(1003, "text frames only")

    # --- Detached -----------------------------------------------------------------------------------------------------------

    def received(self, text: str) -> bool:
        """Obeys a frame, or keeps it until earlier ones are obeyed; False when so many wait that no more should be read."""
        if self._is_closing:
            return True
        if self._waiting is not None:
            self._waiting.append(text)
            return len(self._waiting) < WAITING_MAX
        try:
            coroutine = self.receive_frame(text)
            if coroutine is None:
                return True
            context = contextvars.copy_context()
            awaited = context.run(coroutine.send, None)
        except StopIteration:  # it did not have to wait: so it is with most
            return True
        except Exception as error:  # noqa: BLE001 - one bad frame ends its socket, not the server's reading
            self._fail(error)
            return True
        self._waiting = deque()
        self._detached_wire.run(self._go_on(coroutine, awaited), context)
        return True

    def lost(self) -> None:
        """The socket is gone. What had come before is obeyed first."""
        self._is_lost = True
        if self._waiting is None:
            self._waiting = deque()
            self._detached_wire.run(self._obey_waiting(), contextvars.copy_context())

    @property
    def _detached_wire(self) -> DetachedWire:
        return self._wire  # type: ignore[return-value]  # only servers that detach call what uses it

    async def _go_on(self, coroutine: Coroutine[Any, Any, None], awaited: Any) -> None:
        try:
            await finish(coroutine, awaited)
        except Exception as error:  # noqa: BLE001 - as above
            self._fail(error)
        await self._obey_waiting()

    async def _obey_waiting(self) -> None:
        while self._waiting:
            text = self._waiting.popleft()
            if not self._is_closing:
                try:
                    if (rest := self.receive_frame(text)) is not None:
                        await rest
                except Exception as error:  # noqa: BLE001 - as above
                    self._fail(error)
        self._waiting = None
        if self._is_lost:
            self._is_closing = True
            await self.closed()
        else:
            self._detached_wire.resume()

    def _fail(self, error: Exception) -> None:
        logger.error("a frame failed", exc_info=error)
        self.close(FAILED, "internal error")
