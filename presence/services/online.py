"""Tells watchers when somebody turns online or offline: at most one transition per grace period, so that a tunnel does not flicker."""

from collections.abc import Iterable, Sequence

from chatsite.edge.hub import Connection
from presence.protocol import Presence, encode_presence
from presence.stores.base import PresenceStore

GRACE_SECONDS = 10.0


class Online:
    """Presence on one node: the store, and which sockets watch whom while it is on their screen."""

    def __init__(self, store: PresenceStore, *, grace_seconds: float = GRACE_SECONDS) -> None:
        self._store = store
        self._grace_seconds = grace_seconds
        self._watched: dict[Connection, tuple[int, ...]] = {}
        self._watchers: dict[int, set[Connection]] = {}

    async def arrive(self, user: int, connection: str) -> None:
        if await self._store.arrive(user, connection):
            self._tell(await self._store.look([user]))

    async def leave(self, user: int, connection: str, *, at_once: bool = False) -> None:
        """`at_once` for a logout: nobody expects that person back in seconds."""
        if await self._store.leave(user, connection, grace_seconds=0 if at_once else self._grace_seconds):
            self._tell(await self._store.look([user]))

    async def sweep(self) -> list[Presence]:
        """Turns people offline whose grace ran out; call it every second."""
        gone = await self._store.expire()
        self._tell(gone)
        return gone

    async def watch(self, connection: Connection, users: Sequence[int]) -> list[Presence]:
        """Replaces what this socket watches; answers with how they stand now."""
        self.unwatch(connection)
        self._watched[connection] = tuple(users)
        for user in users:
            self._watchers.setdefault(user, set()).add(connection)
        return await self._store.look(users)

    def unwatch(self, connection: Connection) -> None:
        for user in self._watched.pop(connection, ()):
            watchers = self._watchers[user]
            watchers.discard(connection)
            if not watchers:
                del self._watchers[user]

    async def look(self, users: Sequence[int]) -> list[Presence]:
        return await self._store.look(users)

    def _tell(self, presences: Iterable[Presence]) -> None:
        for presence in presences:
            watchers = self._watchers.get(presence.user)
            if watchers:
                frame = encode_presence([presence])
                for connection in tuple(watchers):
                    connection.deliver(frame)
