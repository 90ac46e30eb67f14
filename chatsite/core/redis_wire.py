"""A connection to Redis at its simplest: the commands of a tick are written together, and every reply is handed to a callback.

No future, task or timer a command: on the path of messages those of a library's connection cost more than all the rest.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import hiredis

PORT = 6_379
_NOTHING = object()


def command(*words: str | bytes | int) -> bytes:
    packed: bytes = hiredis.pack_command(words)  # type: ignore[arg-type]
    return packed


async def connect(url: str, *, hear: Callable[[Any], None], lost: Callable[[], None]) -> "Wire":
    """Opens `redis://`, `rediss://` (TLS) or `unix://`; the server has answered then. Raises OSError. `lost` is called once, at the end."""
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()

    def make() -> Wire:
        return Wire(hear, lost)

    if parts.scheme == "unix":
        _, protocol = await loop.create_unix_connection(make, parts.path)
    else:
        tls = ssl.create_default_context() if parts.scheme == "rediss" else None
        _, protocol = await loop.create_connection(make, parts.hostname or "localhost", parts.port or PORT, ssl=tls)
    try:
        if parts.password:
            await protocol.ask("AUTH", unquote(parts.username or "default"), unquote(parts.password))
        await protocol.ask("PING")
    except BaseException:
        protocol.abort()
        raise
    return protocol


class Wire(asyncio.Protocol):
    """Made by `connect`."""

    def __init__(self, hear: Callable[[Any], None], lost: Callable[[], None]) -> None:
        self._hear = hear
        self._lost = lost
        self._reader = hiredis.Reader(notEnoughData=_NOTHING)
        self._transport: asyncio.Transport | None = None
        self._unwritten: list[bytes] = []  # of this tick: to wake Redis costs more than all else about a command
        self._error: Exception | None = None
        self._answer: asyncio.Future[Any] | None = None

    def write(self, commands: bytes) -> None:
        """With all else of this tick, in its order; to nobody when the connection is lost."""
        if self._transport is None:
            return
        if not self._unwritten:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unwritten.append(commands)

    def check(self) -> None:
        """Raises ConnectionError when the connection is lost."""
        if self._transport is None:
            raise ConnectionError(str(self._error or "Redis closed it"))

    def abort(self, error: Exception | None = None) -> None:
        """Ends the connection without waiting for anything."""
        self._error = self._error or error
        if self._transport is not None:
            self._transport.abort()

    async def ask(self, *words: str) -> Any:
        """For the greeting: waits for the answer to one command. Raises ConnectionError."""
        self.check()
        self._answer = asyncio.get_running_loop().create_future()
        self.write(command(*words))
        reply = await self._answer
        self._answer = None
        if isinstance(reply, Exception):
            raise ConnectionError(str(reply))
        return reply

    def _flush(self) -> None:
        unwritten, self._unwritten = self._unwritten, []
        if self._transport is not None:
            self._transport.write(b"".join(unwritten))

    # --- Called by the event loop -----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not _NOTHING:
            if self._answer is None:
                self._hear(reply)
            elif not self._answer.done():
                self._answer.set_result(reply)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._error = self._error or error
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(ConnectionError("Redis closed it"))
        self._lost()
