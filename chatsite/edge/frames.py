"""Frames of RFC 6455 as a server reads and writes them; without I/O."""

import codecs
import struct

from websockets.speedups import apply_mask

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
_CONTINUATION = 0x0
_FIN, _RESERVED, _OPCODE, _CONTROL, _MASKED, _LENGTH = 0x80, 0x70, 0x0F, 0x08, 0x80, 0x7F
_CONTROL_MAX = 125
_WHOLE_TEXT = _FIN | TEXT  # the first octet of a text message in one frame

PROTOCOL_ERROR, NO_CODE, BAD_TEXT, TOO_BIG = 1002, 1005, 1007, 1009
# What a peer may say; 1005, 1006 and 1015 are never on the wire, the others have no meaning yet.
_CODES = {*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)}

# A text message as str, a binary one or a control frame's payload as bytes.
Event = tuple[int, str | bytes]


class Failure(Exception):
    """The peer broke the protocol: fail the connection with `code`."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def encode(opcode: int, payload: bytes) -> bytes:
    """One whole frame."""
    size = len(payload)
    if size < 126:
        return bytes((_FIN | opcode, size)) + payload
    if size < 65_536:
        return struct.pack("!BBH", _FIN | opcode, 126, size) + payload
    return struct.pack("!BBQ", _FIN | opcode, 127, size) + payload


def encode_close(code: int, reason: str = "") -> bytes:
    """A close frame; a reason that is too long is cut at a character."""
    if code == NO_CODE:
        return encode(CLOSE, b"")
    said = reason.encode()[: _CONTROL_MAX - 2].decode(errors="ignore").encode()
    return encode(CLOSE, struct.pack("!H", code) + said)


def decode_close(payload: bytes) -> tuple[int, str]:
    """Code and reason; 1005 when the peer gave none. Raises Failure."""
    if not payload:
        return NO_CODE, ""
    code = int.from_bytes(payload[:2], "big")
    if len(payload) == 1 or code not in _CODES:
        raise Failure(PROTOCOL_ERROR, "bad close code")
    return code, _text(payload[2:])


class Reader:
    """Makes messages and control frames of bytes, however they are cut. After a failure or a close frame it reads no more."""

    __slots__ = ("_decoder", "_max_size", "_message", "_needed", "_partial", "failure", "is_closed")

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._partial: bytearray | None = None  # the beginning of a frame
        self._needed = 0  # so much of it there must be before it is worth another look
        self._message: bytearray | None = None  # its fragments in one: millions of empty ones take no room
        self._decoder: codecs.IncrementalDecoder | None = None  # of a message that is text
        self.failure: Failure | None = None
        self.is_closed = False

    def receive(self, data: bytes) -> list[Event]:
        """What is complete now, in its order; if `failure` is set then, that came after it."""
        if self.is_closed:
            return []
        if self._partial is None and self._message is None and (text := self._short_text(data)) is not None:
            return [(TEXT, text)]
        found: list[Event] = []
        rest: bytes | bytearray = data
        if self._partial is not None:
            self._partial += data
            rest = self._partial
            if len(rest) < self._needed:
                return found
        position = 0
        try:
            while end := self._frame(rest, position, found):
                position = end
        except Failure as failure:
            self.failure, self.is_closed = failure, True
        if self.is_closed or position == len(rest):
            self._partial = None
        elif rest is self._partial:
            del self._partial[:position]
        else:
            self._partial = bytearray(memoryview(rest)[position:])
        return found

    def _short_text(self, data: bytes) -> str | None:
        """The text, if these octets are one whole masked frame of at most 125: so it is with nearly all that clients send."""
        size = len(data) - 6
        if 0 <= size <= _CONTROL_MAX and size <= self._max_size and data[0] == _WHOLE_TEXT and data[1] == _MASKED | size:
            try:
                return apply_mask(data[6:], data[2:6]).decode()
            except UnicodeDecodeError:
                return None
        return None

    def _frame(self, data: bytes | bytearray, position: int, found: list[Event]) -> int:
        """Reads the frame at `position`; answers with where the next one begins, or 0 if none is all there. Raises Failure."""
        there = len(data) - position
        self._needed = 2
        if there < 2 or self.is_closed:
            return 0
        first, second = data[position], data[position + 1]
        size, head = second & _LENGTH, 2
        if size > _CONTROL_MAX:
            head, least = (4, 126) if size == 126 else (10, 65_536)
            self._check(first, second, size)
            self._needed = head
            if there < head:
                return 0
            size = int.from_bytes(data[position + 2 : position + head], "big")
            if size < least:
                raise Failure(PROTOCOL_ERROR, "length not minimal")
        self._check(first, second, size)
        start = position + head + 4
        end = start + size
        if end > len(data):
            self._needed = head + 4 + size
            return 0
        payload = apply_mask(bytes(data[start:end]), bytes(data[start - 4 : start]))
        opcode = first & _OPCODE
        if opcode & _CONTROL:
            found.append((opcode, payload))
            self.is_closed = opcode == CLOSE
        elif first & _FIN and opcode:
            found.append((TEXT, _text(payload)) if opcode == TEXT else (BINARY, payload))
        else:
            self._add_fragment(first, payload, found)
        return end

    def _check(self, first: int, second: int, size: int) -> None:
        """All that a header can be wrong in, before its payload is waited for."""
        opcode = first & _OPCODE
        if first & _RESERVED:
            raise Failure(PROTOCOL_ERROR, "reserved bits")
        if not second & _MASKED:
            raise Failure(PROTOCOL_ERROR, "not masked")
        if opcode & _CONTROL:
            if opcode > PONG or not first & _FIN or size > _CONTROL_MAX:
                raise Failure(PROTOCOL_ERROR, "bad control frame")
            return
        if opcode > BINARY or (opcode == _CONTINUATION) != (self._message is not None):
            raise Failure(PROTOCOL_ERROR, "unexpected opcode")
        if len(self._message or b"") + size > self._max_size:
            raise Failure(TOO_BIG, "message too big")

    def _add_fragment(self, first: int, payload: bytes, found: list[Event]) -> None:
        is_last = bool(first & _FIN)
        if self._message is None:
            self._message = bytearray()
            self._decoder = codecs.getincrementaldecoder("utf-8")() if first & _OPCODE == TEXT else None
        if self._decoder is not None:
            try:
                self._decoder.decode(payload, is_last)
            except UnicodeDecodeError:
                raise Failure(BAD_TEXT, "not UTF-8") from None
        self._message += payload
        if is_last:
            whole = bytes(self._message)
            found.append((BINARY, whole) if self._decoder is None else (TEXT, whole.decode()))
            self._message, self._decoder = None, None


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise Failure(BAD_TEXT, "not UTF-8") from None
