"""Who may see whom, and where they are: what presence asks of the rest of the instance."""

from collections.abc import Collection, Iterable
from typing import Protocol

from accounts.services.ties import Sees
from chatsite.edge.hub import Connection


class Circle(Protocol):
    """Implemented by messaging, which knows conversations and the road of packets; wired when a node starts."""

    async def sights(self, viewer: int, people: Collection[int]) -> dict[int, Sees]:
        """What `viewer` may see of each of `people`; those they have nothing to do with are left out."""
        ...

    async def audience(self, users: Collection[int]) -> dict[int, dict[int, Sees]]:
        """The contacts of each of `users`, who are told without having asked, and what they may see."""
        ...

    async def last_active(self, users: Collection[int]) -> dict[int, int]:
        """When they were last online (ms), as far as that is stored."""
        ...

    async def nodes_of(self, users: Collection[int]) -> tuple[str, ...]:
        """The nodes that hold sockets of these users. Raises Unavailable."""
        ...

    def connections(self, user: int) -> Iterable[Connection]:
        """The user's sockets on this node."""
        ...
