"""The port of presence: which users have a live socket."""

from collections.abc import Sequence
from typing import Protocol

from presence.protocol import Presence


class PresenceStore(Protocol):
    """Online means at least one live connection, or the last one gone for less than the grace period."""

    async def arrive(self, user: int, connection: str) -> bool:
        """Notes a connection; True when the user turns online by it."""
        ...

    async def leave(self, user: int, connection: str, *, grace_seconds: float) -> bool:
        """Forgets a connection; True when the user turns offline at once (no grace, and it was the last)."""
        ...

    async def expire(self) -> list[Presence]:
        """Users whose grace has run out since the last call: offline now."""
        ...

    async def look(self, users: Sequence[int]) -> list[Presence]:
        """How they stand, in the order asked."""
        ...
