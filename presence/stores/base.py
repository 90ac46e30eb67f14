"""The port of presence: which users have a live socket, who watches them, and what changed."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from presence.protocol import Presence


class Transition(msgspec.Struct, frozen=True):
    """Somebody turned online or offline, and the nodes whose sockets watch them. Given to one caller, who tells these nodes."""

    presence: Presence
    nodes: tuple[str, ...] = ()


class Swept(msgspec.Struct, frozen=True):
    """What a sweep found: transitions to tell all nodes, and how some of those watched here stand, to tell here if it is news."""

    transitions: list[Transition]
    sights: list[Presence]


class PresenceStore(Protocol):
    """Online means at least one live connection, or the last one gone for less than the grace period.

    A store on servers that are away raises nothing: it keeps what it was told and says it at the next sweep. Transitions that come of a
    call may be those of others that were said along with it; every transition is given to one caller only.
    """

    async def arrive(self, user: int, connection: str) -> list[Transition]:
        """Notes a connection of this process; the user's first turns them online."""
        ...

    async def leave(self, user: int, connection: str, *, grace_seconds: float) -> list[Transition]:
        """Forgets a connection of this process; the user's last turns them offline after the grace period, or at once if there is none."""
        ...

    async def sweep(self) -> Swept:
        """Says that this process lives, clears what has expired anywhere, and catches up. To be called every second."""
        ...

    async def watch(self, users: Sequence[int]) -> list[Presence]:
        """From now on transitions of these users, too, name this node. Answers as `look` does."""
        ...

    def unwatch(self, users: Sequence[int]) -> None:
        """Nobody here watches them any more; the store may take its time."""
        ...

    async def look(self, users: Sequence[int]) -> list[Presence]:
        """How they stand, in the order asked; without those of whom nothing can be said now."""
        ...

    def note_use(self, user: int, device: int, *, is_active: bool) -> None:
        """Somebody uses this device here from now on, or not any more. It is known elsewhere after the next sweep."""
        ...

    async def last_used(self, users: Sequence[int]) -> list[dict[int, int]]:
        """For each user, their devices and when somebody last used them (ms): now, if they do. Forgotten after a day.

        Raises Unavailable: whoever decides by it must not take "unknown" for "never".
        """
        ...

    async def close(self) -> None:
        """Lets go of servers. Connections that were not left expire with this process's lease."""
        ...
