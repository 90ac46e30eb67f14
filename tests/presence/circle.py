"""A circle in which everybody sees everybody, but whom a test hides; contacts and sockets are what it says."""

from collections.abc import Collection

from accounts.services.ties import HIDDEN, Sees
from chatsite.edge.hub import Connection, Hub


class OpenCircle:
    """`nodes` are those of all tests' nodes: more than hold somebody do no harm."""

    def __init__(self, nodes: list[str] | None = None) -> None:
        self.hub = Hub()
        self.nodes = nodes if nodes is not None else []
        self.contacts: dict[int, dict[int, Sees]] = {}
        self.hidden: dict[tuple[int, int], Sees] = {}  # (viewer, whom) → what they see
        self.strangers: set[int] = set()
        self.stored: dict[int, int] = {}
        self.asked = 0  # how often contacts were asked for

    async def sights(self, viewer: int, people: Collection[int]) -> dict[int, Sees]:
        return {person: self.hidden.get((viewer, person), Sees()) for person in people if person not in self.strangers}

    async def audience(self, users: Collection[int]) -> dict[int, dict[int, Sees]]:
        self.asked += 1
        return {user: self.contacts[user] for user in users if user in self.contacts}

    async def last_active(self, users: Collection[int]) -> dict[int, int]:
        return {user: self.stored[user] for user in users if user in self.stored}

    async def nodes_of(self, users: Collection[int]) -> tuple[str, ...]:
        return tuple(self.nodes)

    def connections(self, user: int) -> tuple[Connection, ...]:
        return self.hub.of_user(user)

    def hide(self, viewer: int, person: int, sees: Sees = HIDDEN) -> None:
        self.hidden[viewer, person] = sees
