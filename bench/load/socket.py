"""One client's WebSocket: a bare protocol object, no task and no queue."""

import asyncio
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

from bench.load.frames import CLOSE, PING, PONG, Heard, Parser, frame
from bench.load.rest import retry_after_of

OPEN_SECONDS = 60.0
KEY = b"Y2hhdHNpdGUtYmVuY2gxNg=="  # any 16 bytes: we trust that we speak to our own server
_REQUEST = (
    b"GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: %s\r\nSec-WebSocket-Protocol: chatsite.v1\r\n\r\n"
)


class Refused(OSError):
    """The server did not open the socket, or closed it with `code`. `retry_after` is what it told, in seconds."""

    def __init__(self, words: str, *, code: int = 0, retry_after: float | None = None) -> None:
        super().__init__(words)
        self.code = code
        self.retry_after = retry_after


def nobody(chunk: bytes, start: int, stop: int) -> None:
    """Hears nothing."""


class Socket(asyncio.Protocol):
    """Made by `open_socket`. `hear` and `gone` may be replaced at any time; `closed` holds the code once it is."""

    def __init__(self, request: bytes) -> None:
        self.closed: int | None = None
        self.gone: Callable[[Refused], None] = self._fail
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request = request
        self._head = b""
        self._parser = Parser(nobody, self._control)
        self._take: Callable[[bytes], None] = self._read_head

    @property
    def hear(self) -> Heard:
        return self._parser.heard

    @hear.setter
    def hear(self, heard: Heard) -> None:
        self._parser.heard = heard

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._write = self._transport.write
        self._write(self._request)

    def data_received(self, data: bytes) -> None:
        self._take(data)

    def _read_head(self, data: bytes) -> None:
        head, gap, rest = (self._head + data).partition(b"\r\n\r\n")
        if not gap:
            self._head = head
            return
        if not head.startswith(b"HTTP/1.1 101"):
            self._fail(Refused(head.partition(b"\r\n")[0].decode(), retry_after=retry_after_of(head)))
            return
        self._head = b""
        self._take = self._parser.feed
        if not self.opened.done():
            self.opened.set_result(None)
        if rest:
            self._take(rest)

    def send(self, text: bytes) -> None:
        self._write(frame(text))

    def send_framed(self, framed: bytes) -> None:
        """What `frame` made before: for what is said often."""
        self._write(framed)

    def close(self) -> None:
        """Says goodbye first."""
        if self.closed is None:
            self._write(frame(b"\x03\xe8", CLOSE))
            self._transport.close()

    def abort(self) -> None:
        """Goes without a word."""
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.closed is None:
            self.closed = 1006
        self.gone(Refused(f"closed with {self.closed}", code=self.closed))

    def _control(self, opcode: int, body: bytes) -> None:
        if opcode == PING:
            self._write(frame(body, PONG))
        elif opcode == CLOSE:
            self.closed = int.from_bytes(body[:2], "big") or 1005
            self._transport.close()

    def _fail(self, error: Refused) -> None:
        if not self.opened.done():
            self.opened.set_exception(error)
            self._transport.abort()


async def open_socket(url: str, *, source: str | None = None) -> Socket:
    """Returns after the handshake. `source` is the address to come from: each has ports for some 28,000 sockets. Raises OSError."""
    parts = urlsplit(url)
    request = _REQUEST % (parts.path.encode(), parts.netloc.encode(), KEY)
    host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname
    async with asyncio.timeout(OPEN_SECONDS):
        _, socket = await asyncio.get_running_loop().create_connection(
            lambda: Socket(request), host or "", parts.port or 80, local_addr=(source, 0) if source else None
        )
        await socket.opened
    return socket
