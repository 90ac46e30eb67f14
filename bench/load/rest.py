"""The few REST requests of a client, over plain HTTP/1.1."""

import asyncio
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import msgspec

ANSWER_SECONDS = 60.0
KEEP_SECONDS = 2.0  # servers close what is idle for five


class Told(Exception):
    """The server refused, and said why. `retry_after` is None where it did not say when to come again."""

    def __init__(self, status: int, head: bytes, body: bytes) -> None:
        super().__init__(f"{status} {body[:200].decode(errors='replace')}")
        self.status = status
        try:
            self.retry_after: float | None = msgspec.json.decode(body).get("retry_after")
        except (msgspec.DecodeError, AttributeError):
            self.retry_after = None
        if self.retry_after is None:
            self.retry_after = retry_after_of(head)


class Rest:
    """Keeps its connections, of which it opens as many as are needed at once, from the address `source`."""

    def __init__(self, url: str, *, source: str | None = None) -> None:
        parts = urlsplit(url)
        self._host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname
        self._port = parts.port or 80
        self._name = parts.netloc
        self._from = (source, 0) if source else None
        self._idle: list[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, method: str, path: str, token: str, body: bytes = b"") -> Any:
        """The decoded answer. Raises Told, OSError."""
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await self._connection()
            try:
                status, head, answer = await self._exchange(reader, writer, method, path, token, body)
            except BaseException:
                writer.transport.abort()
                raise
        self._idle.append((perf_counter(), reader, writer))
        if status >= 400:
            raise Told(status, head, answer)
        return msgspec.json.decode(answer) if answer else None

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            since, reader, writer = self._idle.pop()
            if perf_counter() - since < KEEP_SECONDS:
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self._host, self._port, local_addr=self._from)

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, method: str, path: str, token: str, body: bytes
    ) -> tuple[int, bytes, bytes]:
        writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: {self._name}\r\nX-Session-Token: {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
        except asyncio.IncompleteReadError as error:
            raise ConnectionResetError("no answer") from error
        _, found, after = head.partition(b"\r\ncontent-length:")
        answer = await reader.readexactly(int(after.partition(b"\r\n")[0])) if found else b""
        return int(head.split(b" ", 2)[1]), head, answer

    async def close(self) -> None:
        for _, _, writer in self._idle:
            writer.close()
        self._idle.clear()


def retry_after_of(head: bytes) -> float | None:
    """The seconds that the head of an HTTP answer tells to wait."""
    _, found, after = head.lower().partition(b"\r\nretry-after:")
    seconds = after.partition(b"\r\n")[0].strip()
    return float(seconds) if found and seconds.isdigit() else None
