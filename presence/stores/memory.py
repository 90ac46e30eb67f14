"""Presence of one process, in its memory."""

from collections import OrderedDict
from collections.abc import Sequence

from chatsite.core.clock import Clock, clock
from presence.protocol import Presence
from presence.stores.base import Swept, Transition

SEEN_KEPT = 200_000
USE_KEPT_MS = 86_400_000


class MemoryPresence:
    """Everybody is offline when the process starts; clients come back within seconds. All watchers are here: no node is ever named."""

    def __init__(self, clock: Clock = clock) -> None:
        self._clock = clock
        self._connections: dict[int, set[str]] = {}
        self._deadlines: dict[int, float] = {}  # users in their grace period → when it ends
        self._used: OrderedDict[int, dict[int, int | None]] = OrderedDict()  # user → device → when last; None: now
        self._last_active: OrderedDict[int, int] = OrderedDict()

    async def arrive(self, user: int, connection: str) -> list[Transition]:
        in_grace = self._deadlines.pop(user, None) is not None
        was_online = in_grace or user in self._connections
        self._connections.setdefault(user, set()).add(connection)
        self._note_activity(user)
        return [] if was_online else [Transition(self._look(user))]

    async def leave(self, user: int, connection: str, *, grace_seconds: float) -> list[Transition]:
        connections = self._connections.get(user)
        if connections is None or connection not in connections:
            return []
        connections.discard(connection)
        if connections:
            return []
        del self._connections[user]
        self._note_activity(user)
        if grace_seconds <= 0:
            return [Transition(self._look(user))]
        self._deadlines[user] = self._clock.monotonic() + grace_seconds
        return []

    async def sweep(self) -> Swept:
        now = self._clock.monotonic()
        expired = [user for user, deadline in self._deadlines.items() if deadline <= now]
        for user in expired:
            del self._deadlines[user]
        return Swept([Transition(self._look(user)) for user in expired], [])

    async def watch(self, users: Sequence[int]) -> list[Presence]:
        return await self.look(users)

    def unwatch(self, users: Sequence[int]) -> None: ...

    async def look(self, users: Sequence[int]) -> list[Presence]:
        return [self._look(user) for user in users]

    def note_use(self, user: int, device: int, *, is_active: bool) -> None:
        self._used.setdefault(user, {})[device] = None if is_active else self._clock.now_ms()
        self._used.move_to_end(user)
        while len(self._used) > SEEN_KEPT:
            self._used.popitem(last=False)

    async def last_used(self, users: Sequence[int]) -> list[dict[int, int]]:
        now, oldest = self._clock.now_ms(), self._clock.now_ms() - USE_KEPT_MS
        known = ({device: at or now for device, at in self._used.get(user, {}).items()} for user in users)
        return [{device: at for device, at in devices.items() if at > oldest} for devices in known]

    async def close(self) -> None: ...

    def _look(self, user: int) -> Presence:
        return Presence(user, user in self._connections or user in self._deadlines, self._last_active.get(user))

    def _note_activity(self, user: int) -> None:
        self._last_active[user] = self._clock.now_ms()
        self._last_active.move_to_end(user)
        while len(self._last_active) > SEEN_KEPT:
            self._last_active.popitem(last=False)
