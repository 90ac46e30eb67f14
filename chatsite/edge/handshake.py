"""The opening handshake of RFC 6455, the server's half; without I/O. No extension is ever agreed to: their contexts cost 100 KB a socket."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import NamedTuple

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_PHRASES = {
    400: "Bad Request",
    403: "Forbidden",
    405: "Method Not Allowed",
    426: "Upgrade Required",
    500: "Internal Server Error",
}

Headers = Sequence[tuple[bytes, bytes]]


class Request(NamedTuple):
    """What a client asked for: the target as it stood in the request, headers with lower-case names."""

    target: bytes
    headers: Headers
    key: bytes
    subprotocols: list[str]


class Refused(Exception):
    """The handshake is wrong: answer with `status`."""

    def __init__(self, status: int, reason: str, headers: Headers = ()) -> None:
        super().__init__(reason)
        self.status = status
        self.headers = headers


def parse(data: bytes) -> Request:
    """Reads a request head that is all there, its lines ended by CRLF. Raises Refused."""
    request_line, *lines = data.split(b"\r\n\r\n", 1)[0].split(b"\r\n")
    method, _, rest = request_line.partition(b" ")
    target, _, _ = rest.rpartition(b" ")
    headers = []
    for line in lines:
        name, _, value = line.partition(b":")
        headers.append((name.lower(), value.strip(b" \t")))
    if method != b"GET":
        raise Refused(405, "GET only", [(b"allow", b"GET")])
    if len(_all(headers, b"host")) != 1 or len(_all(headers, b"origin")) > 1:
        raise Refused(400, "one Host, and one Origin at most")
    if _all(headers, b"sec-websocket-version") != [b"13"]:
        raise Refused(426, "version 13 only", [(b"upgrade", b"websocket"), (b"sec-websocket-version", b"13")])
    if b"websocket" not in _tokens(headers, b"upgrade") or b"upgrade" not in _tokens(headers, b"connection"):
        raise Refused(426, "no upgrade", [(b"upgrade", b"websocket")])
    keys = _all(headers, b"sec-websocket-key")
    if len(keys) != 1 or not _is_key(keys[0]):
        raise Refused(400, "bad key")
    offered = [token.decode("latin-1") for value in _all(headers, b"sec-websocket-protocol") for token in value.split(b",")]
    return Request(target, headers, keys[0], [token.strip() for token in offered if token.strip()])


def accept(key: bytes, subprotocol: str | None = None, headers: Headers = ()) -> bytes:
    """The answer that opens the socket."""
    proof = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
    said = [(b"Upgrade", b"websocket"), (b"Connection", b"Upgrade"), (b"Sec-WebSocket-Accept", proof)]
    if subprotocol:
        said.append((b"Sec-WebSocket-Protocol", subprotocol.encode("latin-1")))
    return _head(b"101 Switching Protocols", [*said, *headers])


def refuse(status: int, headers: Headers = ()) -> bytes:
    """An answer without a body that opens nothing."""
    phrase = f"{status} {_PHRASES.get(status, 'Refused')}".encode()
    return _head(phrase, [(b"Content-Length", b"0"), (b"Connection", b"close"), *headers])


def _head(status: bytes, headers: Headers) -> bytes:
    return b"".join([b"HTTP/1.1 ", status, b"\r\n", *(b"%b: %b\r\n" % header for header in headers), b"\r\n"])


def _all(headers: Headers, name: bytes) -> list[bytes]:
    return [value for known, value in headers if known == name]


def _tokens(headers: Headers, name: bytes) -> set[bytes]:
    return {token.strip().lower() for value in _all(headers, name) for token in value.split(b",")}


def _is_key(key: bytes) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == 16 and len(key) == 24
    except binascii.Error:
        return False
