"""Peers that behave badly in time: they flood, do not read, say nothing, or are gone."""

import os
import socket
import time
from collections.abc import Callable

import pytest

from chatsite.edge.slim import UNREAD_MAX
from tests.chatsite.edge.conformance.client import PING, PONG, TEXT, Client, close, frame
from tests.chatsite.edge.conformance.conftest import Connect
from tests.chatsite.edge.conformance.server import EchoServer

FLOOD = 100_000


def resident() -> int:
    """Bytes of this process, in which the servers run too."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def send_while_taken(client: Client, data: bytes, most: int) -> int:
    """How much of `data`, again and again, the server took, at most `most`, from a client that reads nothing."""
    client.connection.settimeout(1.0)
    taken = 0
    try:
        while taken < most:
            taken += client.connection.send(data)
    except (TimeoutError, BrokenPipeError, ConnectionResetError):
        pass
    return taken


def until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def test_a_flood_of_pings_is_answered_to_who_reads(connect: Connect) -> None:
    client = connect()
    client.open()
    for _ in range(100):
        client.send(frame(PING, b"!") * 100)
        assert [client.next_frame() for _ in range(100)] == [(PONG, b"!")] * 100


def test_a_flood_of_pings_from_who_does_not_read_fills_no_memory(connect: Connect) -> None:
    client = connect()
    client.open()
    before = resident()
    send_while_taken(client, frame(PING, b"p" * 125) * 1_000, FLOOD * 131)
    assert resident() - before < 2 * UNREAD_MAX + 8_000_000


@pytest.mark.parametrize("server", ["slim", "detached"], indirect=True)
def test_who_does_not_read_is_not_read_or_is_cut_off(server: EchoServer, connect: Connect) -> None:
    client = connect()
    client.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.open()
    before = resident()
    taken = send_while_taken(client, frame(TEXT, b"x" * 60_000), 100_000_000)
    assert taken < 100_000_000
    assert resident() - before < 4 * UNREAD_MAX + 8_000_000


def test_what_is_said_in_one_tick_comes_in_its_order(connect: Connect) -> None:
    client = connect()
    client.open()
    said = [b"%d" % number for number in range(500)]
    client.send(b"".join(frame(TEXT, one) for one in said))
    assert [client.next_frame() for _ in said] == [(TEXT, one) for one in said]
    client.send(close())
    assert len(client.frames()) == 1


@pytest.mark.parametrize("server", ["slim", "stock"], indirect=True)
def test_an_application_that_closes_has_said_its_last_before(connect: Connect) -> None:
    client = connect()
    client.open()
    client.send(frame(TEXT, b"one") + frame(TEXT, b"close"))
    assert [client.next_frame(), client.next_frame()] == [(TEXT, b"one"), (8, b"\x10\xe1as you wish")]
    client.send(close(4321))
    assert client.frames() == []


def test_a_peer_that_is_gone_without_a_word_is_let_go(server: EchoServer, connect: Connect) -> None:
    clients = [connect() for _ in range(20)]
    for client in clients:
        client.open()
    for client in clients[::2]:
        client.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # the end is a reset
        client.send(frame(TEXT, b"and off") * 50)
    for client in clients:
        client.connection.close()
    assert until(lambda: not server.uvicorn.server_state.connections)
    assert until(lambda: not server.uvicorn.server_state.tasks)


@pytest.mark.parametrize("server", ["slim", "stock"], indirect=True)
def test_an_application_hears_how_its_peer_went(server: EchoServer, connect: Connect) -> None:
    server.closes.clear()
    for end in (close(3456), close(None), frame(TEXT, b"\xff")):
        client = connect()
        client.open()
        client.send(end)
        client.frames()
    client = connect()
    client.open()
    client.connection.close()
    assert until(lambda: len(server.closes) == 4)
    assert sorted(server.closes) == [1005, 1006 if server.implementation == "slim" else 1005, 1007, 3456]
