"""The head of a request has an end: in octets, and in time."""

import time

import pytest

from chatsite.edge import heads
from tests.chatsite.edge.conformance.client import TEXT, Client, close, frame, request
from tests.chatsite.edge.conformance.conftest import Connect
from tests.chatsite.edge.conformance.test_handshake import status
from tests.chatsite.edge.conformance.test_peers import send_while_taken

ENDLESS = 50_000_000
CHUNKED = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"


@pytest.mark.parametrize(
    "beginning",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Endless: ",
        b"GET /",
        b"GET / HTTP/1.1\r\nX-",
        CHUNKED + b"0\r\nX-Trailer: ",
        CHUNKED + b"5;extension=",
    ],
    ids=["value", "target", "name", "trailer", "chunk"],
)
def test_an_endless_head_is_not_taken(connect: Connect, beginning: bytes) -> None:
    client = connect()
    client.send(beginning)
    assert send_while_taken(client, b"a" * 65_536, ENDLESS) < ENDLESS


def test_a_long_head_opens_a_socket_all_the_same(connect: Connect) -> None:
    client = connect()
    client.send(request(add=[b"X-Long: " + b"a" * 7_000] * 8))
    assert status(client.head()) == 101


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "HEAD_SECONDS", 0.3)


@pytest.mark.parametrize("beginning", [b"", b"GET", request()[:-2], b"\r\n"])
def test_who_does_not_come_to_the_end_of_it_is_cut_off(hurry: None, connect: Connect, beginning: bytes) -> None:
    client = connect()
    client.send(beginning)
    assert client.rest() == b""


def test_the_next_one_on_the_same_connection_has_no_longer(hurry: None, connect: Connect) -> None:
    client = connect()
    client.send(b"GET /fail HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert status(client.head()) == 500
    client.send(b"\r\nGET")
    assert not client.rest().startswith(b"HTTP/")


def test_a_socket_that_is_open_has_time(hurry: None, connect: Connect) -> None:
    client = connect()
    client.open()
    time.sleep(0.5)
    assert said(client, b"still there?") == (TEXT, b"still there?")
    client.send(close())
    assert len(client.frames()) == 1


def said(client: Client, text: bytes) -> object:
    client.send(frame(TEXT, text))
    return client.next_frame()
