"""Presence of one process, in its memory."""

from collections import OrderedDict
from collections.abc import Sequence

from chatsite.core.clock import Clock, clock
from presence.protocol import Presence

SEEN_KEPT = 200_000


class MemoryPresence:
    """Everybody is offline when the process starts; clients come back within seconds."""

    def __init__(self, clock: Clock = clock) -> None:
        self._clock = clock
        self._connections: dict[int, set[str]] = {}
        self._deadlines: dict[int, float] = {}  # users in their grace period → when it ends
        self._last_active: OrderedDict[int, int] = OrderedDict()

    async def arrive(self, user: int, connection: str) -> bool:
        in_grace = self._deadlines.pop(user, None) is not None
        was_online = in_grace or user in self._connections
        self._connections.setdefault(user, set()).add(connection)
        self._note_activity(user)
        return not was_online

    async def leave(self, user: int, connection: str, *, grace_seconds: float) -> bool:
        connections = self._connections.get(user)
        if connections is None or connection not in connections:
            return False
        connections.discard(connection)
        if connections:
            return False
        del self._connections[user]
        self._note_activity(user)
        if grace_seconds <= 0:
            return True
        self._deadlines[user] = self._clock.monotonic() + grace_seconds
        return False

    async def expire(self) -> list[Presence]:
        now = self._clock.monotonic()
        expired = [user for user, deadline in self._deadlines.items() if deadline <= now]
        for user in expired:
            del self._deadlines[user]
        return await self.look(expired)

    async def look(self, users: Sequence[int]) -> list[Presence]:
        return [
            Presence(user, user in self._connections or user in self._deadlines, self._last_active.get(user)) for user in users
        ]

    def _note_activity(self, user: int) -> None:
        self._last_active[user] = self._clock.now_ms()
        self._last_active.move_to_end(user)
        while len(self._last_active) > SEEN_KEPT:
            self._last_active.popitem(last=False)
