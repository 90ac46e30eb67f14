"""Servers of both implementations, and clients of them."""

import socket
from collections.abc import Callable, Iterator

import pytest

from tests.chatsite.edge.conformance.client import Client
from tests.chatsite.edge.conformance.server import PROTOCOLS, EchoServer

Connect = Callable[[], Client]


@pytest.fixture(scope="package")
def servers() -> Iterator[dict[str, EchoServer]]:
    servers = {implementation: EchoServer(implementation) for implementation in PROTOCOLS}
    for server in servers.values():
        server.start()
    yield servers
    for server in servers.values():
        server.stop()


@pytest.fixture(params=PROTOCOLS)
def server(request: pytest.FixtureRequest, servers: dict[str, EchoServer]) -> EchoServer:
    return servers[request.param]


@pytest.fixture
def connect(server: EchoServer) -> Iterator[Connect]:
    """Opens a connection, without a handshake."""
    clients: list[Client] = []

    def connect() -> Client:
        clients.append(Client(socket.create_connection(server.address)))
        return clients[-1]

    yield connect
    for client in clients:
        client.connection.close()
