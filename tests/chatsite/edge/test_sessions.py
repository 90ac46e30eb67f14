"""Closing the sockets of revoked devices, from any thread."""

import asyncio
from collections.abc import Iterator

import pytest

from chatsite.edge import sessions
from chatsite.edge.hub import hub


class Socket:
    user_id = 1
    heard_at = 0.0

    def __init__(self, device: int) -> None:
        self.device_id = device
        self.codes: list[int] = []

    def deliver(self, frame: str) -> None: ...

    def close(self, code: int, reason: str) -> None:
        self.codes.append(code)


@pytest.fixture
def sockets() -> Iterator[list[Socket]]:
    sockets = [Socket(-1), Socket(-1), Socket(-2)]
    for socket in sockets:
        hub.add(socket)
    yield sockets
    for socket in sockets:
        hub.remove(socket)
    sessions.serve_on(None)


async def test_every_socket_of_a_revoked_device_closes(sockets: list[Socket]) -> None:
    sessions.serve_on(asyncio.get_running_loop())
    await asyncio.to_thread(sessions.close_devices, [-1, -77])
    await asyncio.sleep(0)
    assert [socket.codes for socket in sockets] == [[4002], [4002], []]
    assert sessions.connected_devices([-1, -2, -77]) == {-1, -2}


def test_a_process_without_sockets_closes_nothing(sockets: list[Socket]) -> None:
    sessions.serve_on(None)
    sessions.close_devices([-1])
    assert [socket.codes for socket in sockets] == [[], [], []]
