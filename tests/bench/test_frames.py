"""The load generator's WebSocket: what it writes, and how it cuts what arrives."""

import pytest

from bench.load.frames import CLOSE, PING, Parser, Unexpected, frame

LENGTHS = (0, 1, 125, 126, 127, 65_535, 65_536, 70_000)


def from_server(text: bytes, opcode: int = 0x81) -> bytes:
    """As a server sends it: unmasked."""
    length = len(text)
    if length < 126:
        return bytes([opcode, length]) + text
    if length < 65_536:
        return bytes([opcode, 126]) + length.to_bytes(2, "big") + text
    return bytes([opcode, 127]) + length.to_bytes(8, "big") + text


class Ear:
    def __init__(self) -> None:
        self.texts: list[bytes] = []
        self.others: list[tuple[int, bytes]] = []
        self.parser = Parser(
            lambda chunk, start, stop: self.texts.append(chunk[start:stop]),
            lambda opcode, body: self.others.append((opcode, body)),
        )


@pytest.mark.parametrize("length", LENGTHS)
def test_a_frame_of_any_length_is_heard_whole_however_it_is_cut(length: int) -> None:
    text = bytes(number % 251 for number in range(length))
    data = from_server(text) * 2
    for step in (1 if length < 200 else 1_021, 7_919, len(data)):
        ear = Ear()
        for at in range(0, len(data), step):
            ear.parser.feed(data[at : at + step])
        assert ear.texts == [text, text]


@pytest.mark.parametrize("length", LENGTHS)
def test_what_clients_send_is_masked_and_tells_its_length(length: int) -> None:
    text = b"x" * length
    sent = frame(text)
    assert sent[0] == 0x81
    assert sent[1] & 0x80
    assert sent.endswith(text)
    extra = {126: 2, 127: 8}.get(sent[1] & 0x7F, 0)
    told = int.from_bytes(sent[2 : 2 + extra], "big") if extra else sent[1] & 0x7F
    key = sent[2 + extra : 6 + extra]
    assert (told, key, len(sent)) == (length, bytes(4), length + 6 + extra)


def test_control_frames_between_texts_are_told_apart() -> None:
    ear = Ear()
    ear.parser.feed(from_server(b"a") + from_server(b"?", PING) + from_server(b"b") + from_server(b"\x03\xe8", CLOSE))
    assert ear.texts == [b"a", b"b"]
    assert ear.others == [(PING, b"?"), (CLOSE, b"\x03\xe8")]


@pytest.mark.parametrize("data", [b"\x82\x01x", b"\x01\x01x", b"\x81\xfe\x00\x01abcd"])
def test_what_our_server_never_sends_is_an_error(data: bytes) -> None:
    with pytest.raises(Unexpected):
        Ear().parser.feed(data)
