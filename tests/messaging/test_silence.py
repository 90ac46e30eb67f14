"""A peer that is gone without a word, as behind a dead line, is closed within the told time, by either holder of sockets."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from chatsite.core.clock import clock
from chatsite.edge import slim
from chatsite.edge.consumer import LeanConsumer
from chatsite.edge.hub import Hub
from messaging.services.silence import SILENCE_SECONDS, SILENT, close_silent
from tests.chatsite.edge.conformance import server as echo
from tests.chatsite.edge.conformance.client import CLOSE, TEXT, Client, Heard, frame, request

ANSWER_SECONDS = 0.2  # for a close frame to be answered
hub = Hub()


class Hasty(WebSocketsSansIOProtocol):
    """The stock protocol, which does not wait long for an answer either."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.close_timeout = ANSWER_SECONDS


class Silent(LeanConsumer):
    """Was heard as many seconds ago as its path says. Whatever it hears now, it has the hub swept, and tells who is left there."""

    async def opened(self, scope: dict[str, Any]) -> None:
        self.user_id = int(scope["path"][1:])
        self.heard_at = clock.monotonic() - self.user_id
        hub.add(self)
        self.accept()

    async def receive_frame(self, text: str) -> None:
        self.heard_at = clock.monotonic()
        close_silent(hub)
        self.deliver(",".join(str(user) for user in sorted(hub.users())))

    async def closed(self) -> None:
        hub.remove(self)


@pytest.fixture(params=["detached", "stock"])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[echo.EchoServer]:
    monkeypatch.setattr(slim, "CLOSE_SECONDS", ANSWER_SECONDS)
    monkeypatch.setitem(echo.PROTOCOLS, "stock", Hasty)
    server = echo.EchoServer(request.param, consumer=Silent)
    server.start()
    yield server
    server.stop()


def silent_for(server: echo.EchoServer, seconds: float) -> Client:
    client = Client(socket.create_connection(server.address))
    client.send(request(line=b"GET /%d HTTP/1.1" % seconds))
    assert client.head().startswith(b"HTTP/1.1 101 ")
    return client


def test_who_is_silent_for_too_long_is_closed_and_nobody_else(server: echo.EchoServer) -> None:
    gone, quiet, awake = (
        silent_for(server, seconds) for seconds in (SILENCE_SECONDS + 1, SILENCE_SECONDS - 15, SILENCE_SECONDS + 10)
    )
    awake.send(frame(TEXT, b"here I am"))
    assert awake.next_frame() == (TEXT, b"15,31,40")
    assert gone.next_frame() == (CLOSE, SILENT.to_bytes(2, "big") + b"no heartbeat")
    assert gone.frames() == [], "it does not answer, and is cut off all the same"
    answers = [asked(client) for _ in range(50) for client in (quiet, awake)]
    assert answers[-1] == (TEXT, b"15,40"), "the hub has let it go"
    for client in (gone, quiet, awake):
        client.connection.close()


def asked(client: Client) -> Heard | None:
    client.send(frame(TEXT, b"who is there?"))
    return client.next_frame()
