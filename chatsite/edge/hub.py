"""The sockets that are open on this node, by user and by device, and how a frame reaches them."""

from collections.abc import Iterable
from typing import Protocol


class Connection(Protocol):
    """One authenticated socket as the rest of the system sees it. Every method returns at once."""

    user_id: int
    device_id: int
    heard_at: float  # monotonic time of the last frame

    def deliver(self, frame: str) -> None:
        """Writes a frame, or queues it while the peer reads slowly; a full queue closes the socket resumably."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Closes the socket with one of the codes of docs/protocol.md."""
        ...


class Hub:
    """Lives on one event loop; call it from that loop only."""

    def __init__(self) -> None:
        self._by_user: dict[int, list[Connection]] = {}
        self._by_device: dict[int, list[Connection]] = {}

    def add(self, connection: Connection) -> None:
        self._by_user.setdefault(connection.user_id, []).append(connection)
        self._by_device.setdefault(connection.device_id, []).append(connection)

    def remove(self, connection: Connection) -> None:
        for table, key in ((self._by_user, connection.user_id), (self._by_device, connection.device_id)):
            connections = table.get(key)
            if connections and connection in connections:
                connections.remove(connection)
                if not connections:
                    del table[key]

    def deliver(self, users: Iterable[int], frame: str, skip: object = None) -> None:
        """Hands one encoded frame to every socket of these users but `skip`, the socket that already has its answer."""
        by_user = self._by_user
        for user in users:
            for connection in tuple(by_user.get(user, ())):  # a full queue may remove one while we go
                if connection is not skip:
                    connection.deliver(frame)

    def of_user(self, user: int) -> tuple[Connection, ...]:
        return tuple(self._by_user.get(user, ()))

    def is_connected(self, user: int) -> bool:
        return user in self._by_user

    def of_device(self, device: int) -> tuple[Connection, ...]:
        return tuple(self._by_device.get(device, ()))

    def users(self) -> list[int]:
        """Everybody who holds a socket here."""
        return list(self._by_user)

    def connections(self) -> list[Connection]:
        """Every open socket; for sweeps and shutdown."""
        return [connection for connections in self._by_user.values() for connection in connections]


hub = Hub()
