"""A client that sends any bytes whatsoever, and is strict about what comes back."""

import socket
import struct
from collections.abc import Iterable

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
PROOF = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # of KEY, as RFC 6455 has it
WAIT_SECONDS = 5.0

Heard = tuple[int, bytes]


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bytes | None = b"\x37\xfa\x21\x3d", width: int = 0
) -> bytes:
    """A frame, right or wrong: `width` bytes of length (0: as few as will do), no mask for None."""
    first, masked = fin << 7 | rsv << 4 | opcode, 0x80 if mask is not None else 0
    size = len(payload)
    width = width or (0 if size < 126 else 2 if size < 65_536 else 8)
    head = {
        0: lambda: struct.pack("!BB", first, masked | size),
        2: lambda: struct.pack("!BBH", first, masked | 126, size),
        8: lambda: struct.pack("!BBQ", first, masked | 127, size),
    }[width]()
    if mask is None:
        return head + payload
    return head + mask + bytes(octet ^ mask[place % 4] for place, octet in enumerate(payload))


def close(code: int | None = 1000, reason: bytes = b"") -> bytes:
    return frame(CLOSE, b"" if code is None else struct.pack("!H", code) + reason)


def request(*, drop: Iterable[bytes] = (), add: Iterable[bytes] = (), line: bytes = b"GET / HTTP/1.1") -> bytes:
    """An opening handshake, with header lines left out by their names, and others added."""
    lines = [
        b"Host: 127.0.0.1", b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: " + KEY,
    ]  # fmt: skip
    left_out = {name.lower() for name in drop}
    kept = [one for one in lines if one.partition(b":")[0].lower() not in left_out]
    return b"\r\n".join([line, *kept, *add, b"", b""])


class Client:
    """One connection. Everything fails that takes longer than WAIT_SECONDS."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.connection.settimeout(WAIT_SECONDS)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._unread = b""

    def send(self, data: bytes) -> None:
        """As far as the server takes it: one that has failed the connection may have ended it."""
        try:
            self.connection.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return

    def open(self, *, add: Iterable[bytes] = ()) -> bytes:
        """Shakes hands; answers with the head of the response."""
        self.send(request(add=add))
        return self.head()

    def head(self) -> bytes:
        """The head of a response, and nothing behind it; what there was when the connection ended, else."""
        while b"\r\n\r\n" not in self._unread:
            if not self._more():
                break
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        return head

    def rest(self) -> bytes:
        """All until the server ends the connection."""
        while self._more():
            pass
        rest, self._unread = self._unread, b""
        return rest

    def frames(self) -> list[Heard | None]:
        """All frames until the server ends the connection. Fails for those that a server must not send."""
        found: list[Heard | None] = []
        while one := self.next_frame():
            found.append(one)
        assert not self._unread, "half a frame at the end"
        return found

    def next_frame(self) -> Heard | None:
        """None at the end of the connection."""
        if not self._has(2):
            return None
        first, second = self._unread[0], self._unread[1]
        assert first & 0x70 == 0, "a reserved bit"
        assert first & 0x80, "a fragment"
        assert second & 0x80 == 0, "masked"
        opcode, size, start = first & 0x0F, second, 2
        if size > 125:
            assert opcode < 8, "a long control frame"
            start = 4 if size == 126 else 10
            assert self._has(start)
            least = 126 if size == 126 else 65_536
            size = int.from_bytes(self._unread[2:start], "big")
            assert size >= least, "a length that could be shorter"
        assert self._has(start + size), "half a frame at the end"
        payload = self._unread[start : start + size]
        self._unread = self._unread[start + size :]
        return opcode, payload

    def _has(self, count: int) -> bool:
        while len(self._unread) < count:
            if not self._more():
                return False
        return True

    def _more(self) -> bool:
        try:
            data = self.connection.recv(262_144)
        except ConnectionResetError:  # it had not read all that we sent
            return False
        self._unread += data
        return bool(data)
