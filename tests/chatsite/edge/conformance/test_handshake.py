"""The opening handshake: what opens a socket, and what is refused with which status."""

import pytest

from tests.chatsite.edge.conformance.client import CLOSE, KEY, PING, PONG, PROOF, TEXT, close, frame, request
from tests.chatsite.edge.conformance.conftest import Connect
from tests.chatsite.edge.conformance.server import EchoServer

STRICT = ["slim", "detached"]


def fields(head: bytes) -> dict[bytes, bytes]:
    return {name.lower(): value for name, _, value in (line.partition(b": ") for line in head.split(b"\r\n")[1:])}


def status(head: bytes) -> int:
    return int(head.split(b" ")[1])


def test_it_opens_with_the_proof_of_the_key(connect: Connect) -> None:
    head = connect().open()
    assert head.startswith(b"HTTP/1.1 101 ")
    known = fields(head)
    assert known[b"sec-websocket-accept"] == PROOF
    assert (known[b"upgrade"].lower(), known[b"connection"].lower()) == (b"websocket", b"upgrade")
    assert not {b"sec-websocket-protocol", b"sec-websocket-extensions"} & set(known)


@pytest.mark.parametrize(
    "offer", [b"permessage-deflate", b"permessage-deflate; client_max_window_bits, x-webkit-deflate-frame", b"unheard-of; of=it"]
)
def test_no_extension_is_agreed_to(connect: Connect, offer: bytes) -> None:
    assert b"sec-websocket-extensions" not in fields(connect().open(add=[b"Sec-WebSocket-Extensions: " + offer]))


@pytest.mark.parametrize("offer", [[b"echo"], [b"other, echo"], [b"other", b"echo"], [b"echo , other"]])
def test_a_subprotocol_is_chosen_among_those_offered(connect: Connect, offer: list[bytes]) -> None:
    known = fields(connect().open(add=[b"Sec-WebSocket-Protocol: " + one for one in offer]))
    assert known[b"sec-websocket-protocol"] == b"echo"


def test_a_subprotocol_that_is_not_known_is_not_agreed_to(connect: Connect) -> None:
    assert b"sec-websocket-protocol" not in fields(connect().open(add=[b"Sec-WebSocket-Protocol: other"]))


@pytest.mark.parametrize(
    "lines",
    [
        [b"Upgrade: WebSocket", b"Connection: keep-alive, Upgrade"],
        [b"upgrade: websocket", b"CONNECTION: upgrade"],
        [b"Upgrade:websocket", b"Connection:  Upgrade  "],
        [b"Connection: Upgrade", b"Upgrade: websocket", b"Origin: null", b"Cookie: a=b", b"X-Odd: \xe4\xff"],
    ],
)
def test_it_does_not_mind_how_a_header_is_spelt(connect: Connect, lines: list[bytes]) -> None:
    client = connect()
    client.send(request(drop=[b"upgrade", b"connection"], add=lines))
    assert status(client.head()) == 101


def test_it_may_come_octet_by_octet(connect: Connect) -> None:
    client = connect()
    for octet in request():
        client.send(bytes([octet]))
    assert status(client.head()) == 101
    client.send(close())
    assert client.frames()


def test_frames_that_come_before_the_answer_do_no_harm(connect: Connect) -> None:
    """A client has to wait for it; the server's HTTP drops what comes along with the request."""
    client = connect()
    client.send(request() + frame(TEXT, b"early"))
    assert status(client.head()) == 101
    client.send(frame(TEXT, b"on") + frame(PING))
    heard = [client.next_frame()]
    while (PONG, b"") not in heard:
        heard.append(client.next_frame())
    client.send(close())
    heard += client.frames()
    assert (TEXT, b"on") in heard
    assert heard[-1] is not None
    assert heard[-1][0] == CLOSE


def test_a_target_is_handed_on_as_it_is(connect: Connect) -> None:
    client = connect()
    client.send(request(line=b"GET /%C3%A4/b?c=%20&d HTTP/1.1"))
    assert status(client.head()) == 101


@pytest.mark.parametrize("server", STRICT, indirect=True)
@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (request(drop=[b"sec-websocket-key"]), 400),
        (request(add=[b"Sec-WebSocket-Key: " + KEY]), 400),
        (request(drop=[b"sec-websocket-key"], add=[b"Sec-WebSocket-Key: c2hvcnQ="]), 400),
        (request(drop=[b"sec-websocket-key"], add=[b"Sec-WebSocket-Key: ????????????????????????"]), 400),
        (request(drop=[b"sec-websocket-key"], add=[b"Sec-WebSocket-Key: "]), 400),
        (request(drop=[b"sec-websocket-version"]), 426),
        (request(drop=[b"sec-websocket-version"], add=[b"Sec-WebSocket-Version: 8"]), 426),
        (request(add=[b"Sec-WebSocket-Version: 13"]), 426),
        (request(drop=[b"host"]), 400),
        (request(add=[b"Host: example.com"]), 400),
        (request(add=[b"Origin: http://127.0.0.1", b"Origin: http://evil.example"]), 400),
        (request(line=b"POST / HTTP/1.1"), 405),
        (request(line=b"PUT / HTTP/1.1"), 405),
    ],
)
def test_what_is_wrong_is_refused_in_http(connect: Connect, data: bytes, refusal: int) -> None:
    client = connect()
    client.send(data + frame(TEXT, b"hello?"))
    head = client.head()
    assert status(head) == refusal
    assert fields(head)[b"content-length"] == b"0"
    assert client.rest() == b""


@pytest.mark.parametrize("server", STRICT, indirect=True)
def test_another_version_is_told_which_one_is_spoken(connect: Connect) -> None:
    client = connect()
    client.send(request(drop=[b"sec-websocket-version"], add=[b"Sec-WebSocket-Version: 25"]))
    head = client.head()
    assert (status(head), fields(head)[b"sec-websocket-version"]) == (426, b"13")


@pytest.mark.parametrize(
    "data",
    [
        request(drop=[b"connection"]),
        request(drop=[b"upgrade"]),
        request(drop=[b"upgrade"], add=[b"Upgrade: h2c"]),
        request(drop=[b"connection"], add=[b"Connection: close"]),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100,
        b"nonsense\r\n\r\n",
        b"\0" * 1_000,
    ],
)
def test_what_asks_for_no_socket_gets_none(connect: Connect, data: bytes) -> None:
    """The server's HTTP takes it: as a request without an upgrade, or as no request at all."""
    client = connect()
    client.send(data + b"\r\n\r\n")
    head = client.head()
    assert not head or status(head) != 101


@pytest.mark.parametrize("server", ["slim", "stock"], indirect=True)
def test_an_application_may_refuse(connect: Connect) -> None:
    client = connect()
    client.send(request(line=b"GET /refuse HTTP/1.1"))
    assert status(client.head()) == 403
    assert client.rest() == b""


@pytest.mark.parametrize("server", ["slim", "stock"], indirect=True)
def test_an_application_that_fails_is_told_as_such(connect: Connect) -> None:
    client = connect()
    client.send(request(line=b"GET /fail HTTP/1.1"))
    assert status(client.head()) == 500


def test_one_that_hangs_up_in_the_middle_harms_nobody(connect: Connect, server: EchoServer) -> None:
    for end in range(1, len(request()), 7):
        client = connect()
        client.send(request()[:end])
        client.connection.close()
    assert status(connect().open()) == 101
