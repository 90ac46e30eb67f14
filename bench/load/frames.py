"""The client's half of RFC 6455, as little of it as a well-behaved server needs."""

from collections.abc import Callable
from struct import Struct

Heard = Callable[[bytes, int, int], None]  # told where in a chunk of bytes the text of one frame stands

TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8A  # each with FIN: our server fragments nothing
_SHORT, _MIDDLE, _LONG = (
    Struct("!BB4x"),
    Struct("!BBH4x"),
    Struct("!BBQ4x"),
)  # masked by a key of four zeros, which changes nothing
_MIDDLE_LENGTH, _LONG_LENGTH = Struct("!H"), Struct("!Q")


class Unexpected(Exception):
    """A frame that our server never sends."""


def frame(text: bytes, opcode: int = TEXT) -> bytes:
    """One whole frame, as clients must send it: masked."""
    length = len(text)
    if length < 126:
        return _SHORT.pack(opcode, 0x80 | length) + text
    if length < 65_536:
        return _MIDDLE.pack(opcode, 0x80 | 126, length) + text
    return _LONG.pack(opcode, 0x80 | 127, length) + text


class Parser:
    """Cuts what arrives into frames. Texts go to `heard`, where they stand in the chunk, uncopied; the rest to `other`."""

    def __init__(self, heard: Heard, other: Callable[[int, bytes], None]) -> None:
        self.heard = heard
        self._other = other
        self._rest = b""

    def feed(self, chunk: bytes) -> None:
        """Raises Unexpected."""
        if self._rest:
            chunk = self._rest + chunk
        at, end = 0, len(chunk)
        while end - at >= 2:
            length, start = chunk[at + 1], at + 2
            if length > 125:
                if length == 126 and end - at >= 4:
                    (length,), start = _MIDDLE_LENGTH.unpack_from(chunk, start), at + 4
                elif length == 127 and end - at >= 10:
                    (length,), start = _LONG_LENGTH.unpack_from(chunk, start), at + 10
                elif length < 128:
                    break
                else:
                    raise Unexpected("a masked frame")
            stop = start + length
            if stop > end:
                break
            if chunk[at] == TEXT:
                self.heard(chunk, start, stop)
            elif chunk[at] in {CLOSE, PING, PONG}:
                self._other(chunk[at], chunk[start:stop])
            else:
                raise Unexpected(f"a frame that begins with {chunk[at]:#x}")
            at = stop
        self._rest = chunk[at:]
