"""What may be on the wire, by the sections of RFC 6455, and what has to come back."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tests.chatsite.edge.conformance.client import BINARY, CLOSE, PING, PONG, TEXT, Heard, close, frame
from tests.chatsite.edge.conformance.server import MESSAGE_MAX

CONTINUATION = 0x0
NORMAL, PROTOCOL_ERROR, BAD_TEXT, TOO_BIG = 1000, 1002, 1007, 1009


class Case(NamedTuple):
    """Octets of a client, what is heard of them, and then an `end` upon which the server closes with a code (None: without one)."""

    name: str
    sent: bytes
    heard: Sequence[Heard]
    end: bytes
    code: int | None
    stock_differs: bool = False  # laxer than the RFC, or stricter: it is not asked


def good(name: str, sent: bytes, *heard: Heard) -> Case:
    """A conversation that the client closes."""
    return Case(name, sent, heard, close(NORMAL), NORMAL)


def bad(name: str, end: bytes, code: int = PROTOCOL_ERROR, *heard: Heard, sent: bytes = b"", stock_differs: bool = False) -> Case:
    """One that the server fails, and takes no notice of what comes then."""
    return Case(name, sent, heard, end + frame(TEXT, b"too late"), code, stock_differs)


def closed(name: str, end: bytes, code: int | None, *heard: Heard, sent: bytes = b"") -> Case:
    return Case(name, sent, heard, end, code)


def fragments(opcode: int, *parts: bytes) -> bytes:
    last = len(parts) - 1
    return b"".join(frame(opcode if index == 0 else CONTINUATION, part, fin=index == last) for index, part in enumerate(parts))


def framing() -> Iterator[Case]:
    for size in (0, 1, 125, 126, 127, 128, 65_535, 65_536, MESSAGE_MAX):
        text = (b"abcdefghij" * (size // 10 + 1))[:size]
        yield good(f"text of {size}", frame(TEXT, text), (TEXT, text))
        octets = bytes(range(256)) * (size // 256 + 1)
        yield good(f"binary of {size}", frame(BINARY, octets[:size]), (BINARY, octets[:size]))
    for mask in (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x01\x02\x03\x04"):
        yield good(f"mask {mask.hex()}", frame(TEXT, b"hello", mask=mask), (TEXT, b"hello"))
    for width, size in ((2, 0), (2, 125), (8, 5), (8, 126), (8, 65_535)):
        yield bad(f"length {size} in {width} octets", frame(TEXT, b"x" * size, width=width), stock_differs=True)
    yield bad("length with the highest bit", b"\x81\xff\x80\0\0\0\0\0\0\x05\0\0\0\0hello", TOO_BIG)
    yield bad("not masked", frame(TEXT, b"hello", mask=None))
    yield bad("empty and not masked", frame(TEXT, mask=None))
    yield bad("ping not masked", frame(PING, b"hello", mask=None))


def limits() -> Iterator[Case]:
    yield bad("one too many", frame(TEXT, b"x" * (MESSAGE_MAX + 1)), TOO_BIG)
    yield bad("the head of one too many", frame(BINARY, b"x" * (MESSAGE_MAX + 1))[:10], TOO_BIG)
    yield bad("terabytes announced", b"\x82\xff\0\0\x7f\0\0\0\0\0\0\0\0\0", TOO_BIG)
    half = b"x" * (MESSAGE_MAX // 2)
    yield good("two halves", fragments(TEXT, half, half), (TEXT, half + half))
    yield bad("two halves and one more", fragments(TEXT, half, half, b"x"), TOO_BIG)
    yield good("the limit counts for each message", frame(TEXT, half) * 3, *[(TEXT, half)] * 3)
    yield good("a message in many fragments", fragments(BINARY, *[b"x"] * 2_000), (BINARY, b"x" * 2_000))
    euros = "€".encode() * (MESSAGE_MAX // 3)
    yield good("the limit is one of octets", frame(TEXT, euros), (TEXT, euros))


def pings() -> Iterator[Case]:
    yield good("ping", frame(PING), (PONG, b""))
    yield good("ping of 125", frame(PING, b"p" * 125), (PONG, b"p" * 125))
    yield good("ping of octets", frame(PING, b"\0\xff\xfe"), (PONG, b"\0\xff\xfe"))
    yield bad("ping of 126", frame(PING, b"p" * 126))
    yield bad("pong of 126", frame(PONG, b"p" * 126))
    yield good("pong nobody asked for", frame(PONG, b"?") + frame(TEXT, b"on"), (TEXT, b"on"))
    yield good("ten pings", b"".join(frame(PING, b"%d" % n) for n in range(10)), *[(PONG, b"%d" % n) for n in range(10)])
    between = frame(TEXT, b"one ", fin=False) + frame(PING, b"!") + frame(CONTINUATION, b"two")
    yield good("ping between fragments", between, (PONG, b"!"), (TEXT, b"one two"))
    between = frame(BINARY, b"one ", fin=False) + frame(PONG, b"!") + frame(CONTINUATION, b"two")
    yield good("pong between fragments", between, (BINARY, b"one two"))
    yield bad("ping in two", frame(PING, b"o", fin=False) + frame(CONTINUATION, b"ne"))
    yield bad("pong in two", frame(PONG, b"o", fin=False) + frame(CONTINUATION, b"ne"))


def reserved() -> Iterator[Case]:
    for rsv in range(1, 8):
        yield bad(f"reserved bits {rsv:03b}", frame(TEXT, b"x", rsv=rsv))
    yield bad("reserved bit of a ping", frame(PING, rsv=4))
    yield bad("reserved bit of a close", frame(CLOSE, b"\x03\xe8", rsv=1))
    yield bad("reserved bit of a continuation", frame(TEXT, b"x", fin=False) + frame(CONTINUATION, b"y", rsv=4))
    yield bad("after a good one", frame(TEXT, b"x", rsv=2), PROTOCOL_ERROR, (TEXT, b"good"), sent=frame(TEXT, b"good"))
    for opcode in (*range(3, 8), *range(11, 16)):
        yield bad(f"opcode {opcode}", frame(opcode, b"x"))
        yield bad(f"opcode {opcode} and nothing", frame(opcode))


def fragmentation() -> Iterator[Case]:
    yield good("two fragments", fragments(TEXT, b"one ", b"two"), (TEXT, b"one two"))
    yield good("three of octets", fragments(BINARY, b"\0", b"\xff", b"\x80"), (BINARY, b"\0\xff\x80"))
    yield good("empty fragments", fragments(TEXT, b"", b"", b""), (TEXT, b""))
    yield good("empty ones around one", fragments(TEXT, b"", b"middle", b""), (TEXT, b"middle"))
    yield good("one after another", fragments(TEXT, b"a", b"b") + fragments(BINARY, b"c", b"d"), (TEXT, b"ab"), (BINARY, b"cd"))
    yield bad("continuation of nothing", frame(CONTINUATION, b"x"))
    yield bad("continuation of nothing, to be continued", frame(CONTINUATION, b"x", fin=False))
    yield bad(
        "continuation after an end", frame(CONTINUATION, b"c"), PROTOCOL_ERROR, (TEXT, b"ab"), sent=fragments(TEXT, b"a", b"b")
    )
    yield bad("text within a text", frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"))
    yield bad("binary within a text", frame(TEXT, b"a", fin=False) + frame(BINARY, b"b", fin=False))


GOOD_TEXTS = {
    "two octets": "κόσμε", "three": "€ 漢字", "four": "𝄞🙂", "first of two": "\x80", "first of three": "\u0800", "first of four": "\U00010000",
    "last of one": "\x7f", "last of two": "\u07ff", "last of three": "\uffff", "the last": "\U0010ffff", "before surrogates": "\ud7ff",
    "after surrogates": "\ue000", "no characters": "\ufffe\uffff", "nothing": "\0", "byte order": "\ufeff",
}  # fmt: skip
BAD_TEXTS = {
    "lonely continuation": b"\x80", "two of them": b"\xbf\x80", "slash in two": b"\xc0\xaf", "slash in three": b"\xe0\x80\xaf",
    "slash in four": b"\xf0\x80\x80\xaf", "zero in two": b"\xc0\x80", "first surrogate": b"\xed\xa0\x80", "last surrogate": b"\xed\xbf\xbf",
    "a pair": b"\xed\xa0\x80\xed\xb0\x80", "above the last": b"\xf4\x90\x80\x80", "five octets": b"\xf8\x88\x80\x80\x80",
    "six octets": b"\xfc\x84\x80\x80\x80\x80", "fe": b"\xfe", "ff": b"\xff", "half of two": b"\xc3", "half of three": b"\xe2\x82",
    "most of four": b"\xf0\x9d\x84", "broken off by a letter": b"\xe2\x82a", "in the middle": b"good \xff good",
}  # fmt: skip


def texts() -> Iterator[Case]:
    for name, text in GOOD_TEXTS.items():
        octets = text.encode()
        yield good(f"text, {name}", frame(TEXT, octets), (TEXT, octets))
        yield good(f"text in octets, {name}", fragments(TEXT, *[bytes([one]) for one in octets]), (TEXT, octets))
    for name, octets in BAD_TEXTS.items():
        yield bad(f"no text, {name}", frame(TEXT, octets), BAD_TEXT)
        yield bad(f"no text in octets, {name}", fragments(TEXT, *[bytes([one]) for one in octets]), BAD_TEXT)
        yield good(f"octets, {name}", frame(BINARY, octets), (BINARY, octets))
    # Nothing that follows could mend it: the server does not wait for the end.
    yield bad("no text, and not yet at its end", frame(TEXT, b"good \xff", fin=False), BAD_TEXT, stock_differs=True)
    unfinished = frame(TEXT, b"\xe2", fin=False) + frame(CONTINUATION, b"a", fin=False)
    yield bad("no text, from the second fragment", unfinished, BAD_TEXT, stock_differs=True)


def closes() -> Iterator[Case]:
    for code in (*range(1000, 1004), *range(1007, 1015), 3000, 3999, 4000, 4999):
        yield closed(f"close {code}", close(code), code)
    yield closed("close without a code", close(None), None)
    yield closed("close with a reason", close(1000, "bis später".encode()), 1000)
    yield closed("close with the longest reason", close(1001, b"r" * 123), 1001)
    yield bad("close with a longer one", close(1001, b"r" * 124))
    yield bad("close of one octet", frame(CLOSE, b"\x03"))
    for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535):
        yield bad(f"close {code}", close(code))
    yield bad("close with a reason that is no text", close(1000, b"\xff"), BAD_TEXT)
    yield bad("close in two", frame(CLOSE, b"\x03\xe8", fin=False))
    yield closed("close, and more", close(1000) + frame(TEXT, b"late") + frame(PING, b"late"), 1000)
    yield closed("close, and nonsense", close(1000) + b"\xff" * 100, 1000)
    yield closed("close twice", close(1001) + close(1002), 1001)
    yield closed("close within a message", frame(TEXT, b"a", fin=False) + close(1000), 1000)._replace(stock_differs=True)
    yield closed("close after a message", close(3000), 3000, (TEXT, b"a"), sent=frame(TEXT, b"a"))


CASES = [case for group in (framing, limits, pings, reserved, fragmentation, texts, closes) for case in group()]
