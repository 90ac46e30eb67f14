"""The reader of frames against any octets, and against the reader of the `websockets` library."""

import tracemalloc
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from chatsite.edge.frames import BINARY, CLOSE, PING, PONG, TEXT, Event, Failure, Reader, decode_close, encode, encode_close
from tests.chatsite.edge.conformance.client import close, frame

LIMIT = 300
REST_MAX = 66_000  # more than any frame here lacks
PAYLOADS = st.binary(max_size=LIMIT)
TEXTS = st.text(max_size=LIMIT // 4)


@st.composite
def messages(draw: st.DrawFn) -> tuple[list[Event], bytes]:
    """Messages and control frames, and octets that carry them, in fragments or not."""
    events: list[Event] = []
    wire = b""
    for opcode in draw(st.lists(st.sampled_from([TEXT, BINARY, PING, PONG]), max_size=8)):
        mask = draw(st.binary(min_size=4, max_size=4))
        if opcode in {PING, PONG}:
            payload = draw(st.binary(max_size=125))
            events.append((opcode, payload))
            wire += frame(opcode, payload, mask=mask)
            continue
        text = draw(TEXTS)
        payload = text.encode() if opcode == TEXT else draw(PAYLOADS)
        cuts = sorted(draw(st.lists(st.integers(0, len(payload)), max_size=4)))
        parts = [payload[start:end] for start, end in zip([0, *cuts], [*cuts, len(payload)], strict=True)]
        for index, part in enumerate(parts):
            wire += frame(0 if index else opcode, part, fin=index == len(parts) - 1, mask=mask)
            if index < len(parts) - 1 and draw(st.booleans()):
                events.append((PING, b"between"))
                wire += frame(PING, b"between", mask=mask)
        events.append((opcode, text if opcode == TEXT else payload))
    return events, wire


def pieces(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(places)]


bounded = settings(max_examples=150, derandomize=True, deadline=None, database=None)
CUTS = st.lists(st.integers(0, 2_000), max_size=12)


@bounded
@given(messages(), CUTS)
def test_messages_come_out_as_they_went_in_however_they_are_cut(said: tuple[list[Event], bytes], cuts: list[int]) -> None:
    events, wire = said
    reader = Reader(LIMIT)
    assert [event for piece in pieces(wire, cuts) for event in reader.receive(piece)] == events
    assert reader.failure is None
    assert reader._partial is None, "nothing is kept between messages"


# Octets that look like frames for a while.
NOISE = st.one_of(
    st.binary(max_size=600),
    st.builds(
        lambda opcode, fin, rsv, payload, is_masked, width: frame(
            opcode, payload, fin=fin, rsv=rsv, mask=b"abcd" if is_masked else None, width=width if len(payload) < 65_536 else 8
        ),
        st.integers(0, 15), st.booleans(), st.sampled_from([0, 0, 0, 1, 4]), st.binary(max_size=LIMIT + 2),
        st.sampled_from([True, True, True, False]), st.sampled_from([2, 8]),
    ),
)  # fmt: skip


@bounded
@given(messages(), st.lists(NOISE, max_size=4), CUTS)
def test_no_octets_bring_it_down_or_make_it_keep_more_than_a_message(
    said: tuple[list[Event], bytes], noise: list[bytes], cuts: list[int]
) -> None:
    reader = Reader(LIMIT)
    for piece in pieces(said[1] + b"".join(noise), cuts):
        reader.receive(piece)
        assert len(reader._partial or b"") <= LIMIT + 14
        assert len(reader._message or b"") <= LIMIT
    if reader.failure is not None:
        assert reader.failure.code in {1002, 1007, 1009}
        assert reader.receive(frame(TEXT, b"more")) == []


def test_a_flood_of_empty_fragments_takes_no_room() -> None:
    reader = Reader(LIMIT)
    reader.receive(frame(TEXT, b"a", fin=False))
    flood = frame(0, b"", fin=False) * 10_000
    reader.receive(flood)
    tracemalloc.start()
    try:
        for _ in range(10):
            reader.receive(flood)
        assert tracemalloc.get_traced_memory()[0] < len(flood)
    finally:
        tracemalloc.stop()
    assert reader.receive(frame(0, b"b")) == [(TEXT, "ab")]


def by_the_library(data: bytes) -> tuple[list[Event], int | None]:
    """Events, and the code it fails with."""
    protocol = ServerProtocol(state=OPEN, max_size=LIMIT)
    protocol.receive_data(data)
    events: list[Event] = []
    parts: list[bytes] = []
    kind = 0
    for one in protocol.events_received():
        if one.opcode in {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}:  # type: ignore[union-attr]
            kind = kind if one.opcode is Opcode.CONT else int(one.opcode)  # type: ignore[union-attr]
            parts.append(bytes(one.data))  # type: ignore[union-attr]
            if one.fin:  # type: ignore[union-attr]
                whole = b"".join(parts)
                try:
                    events.append((kind, whole.decode() if kind == TEXT else whole))
                except UnicodeDecodeError:  # it leaves that to its caller
                    return events, 1007
                parts = []
        else:
            events.append((int(one.opcode), bytes(one.data)))  # type: ignore[union-attr]
    error = protocol.parser_exc
    if error is None or isinstance(error, EOFError):
        return events, None
    return events, protocol.close_sent.code if protocol.close_sent else 1006


def by_ours(data: bytes) -> tuple[list[Event], int | None]:
    reader = Reader(LIMIT)
    events = reader.receive(data)
    if reader.failure is None and events and events[-1][0] == CLOSE:
        try:
            decode_close(events[-1][1])  # type: ignore[arg-type]
        except Failure as failure:
            return events[:-1], failure.code
    return events, reader.failure.code if reader.failure else None


@bounded
@given(messages(), st.lists(NOISE, max_size=2), st.one_of(st.none(), st.integers(0, 5_100)))
def test_it_reads_what_the_library_reads(said: tuple[list[Event], bytes], noise: list[bytes], code: int | None) -> None:
    """Known differences: we want lengths in as few octets as will do; take a close frame in the middle of a message; fail a frame by its head,
    without waiting for the rest of it; and a text at the first octet that tells, where the library leaves that to its caller, at the end.
    Of a frame that is both wrong and too big, we tell the former.
    """
    data = said[1] + b"".join(noise) + (close(code) if code is not None else b"")
    reader = Reader(LIMIT)
    reader.receive(data)
    reason = reader.failure.reason if reader.failure is not None else ""
    ours, our_code = by_ours(data)
    theirs, their_code = by_the_library(data)
    if our_code is not None and their_code is None:
        theirs, their_code = by_the_library(data + bytes(REST_MAX))
    if our_code == 1007 or reason in {"length not minimal", "bad control frame"}:
        assert ours == theirs[: len(ours)]
    elif their_code == 1002 and our_code is None:
        assert ours[-1][0] == CLOSE
        assert theirs == ours[:-1]
    elif (our_code, their_code) == (1002, 1009):
        assert ours == theirs
    else:
        assert (ours, our_code) == (theirs, their_code)


@bounded
@given(st.sampled_from([TEXT, BINARY, PING, CLOSE]), st.one_of(st.binary(max_size=200), st.integers(65_500, 65_600).map(bytes)))
def test_the_library_reads_what_we_write(opcode: int, payload: bytes) -> None:
    wire = encode(opcode, payload)
    assert wire.endswith(payload)
    assert wire == frame(opcode, payload, mask=None)


@bounded
@given(st.sampled_from([1000, 1001, 1012, 4000]), st.text(max_size=200))
def test_a_reason_is_cut_at_a_character(code: int, reason: str) -> None:
    wire = encode_close(code, reason)
    assert len(wire) <= 127
    told, said = decode_close(wire[2:])
    assert told == code
    assert reason.startswith(said)
    assert len(said.encode()) == len(reason.encode()) or len(said.encode()) > 119
