"""The port of service discovery: which chat nodes there are, and which worker number this process holds."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Node:
    """One chat server process as clients see it."""

    name: str
    url: str  # ws:// or wss:// address of its socket; "" means: the same origin as the page
    region: str = ""


@dataclass(frozen=True)
class Load:
    """How busy a node is. One that drains is handed out no more."""

    connections: int = 0
    capacity: int = 20_000
    draining: bool = False


@dataclass(frozen=True)
class Candidate:
    """A node and how busy it said it was."""

    node: Node
    load: Load

    @property
    def spare(self) -> int:
        return self.load.capacity - self.load.connections


class Discovery(Protocol):
    """Finds nodes and leases worker numbers. Only `worker_number` may be called from any thread."""

    def worker_number(self) -> int:
        """A number in 0–1023 that no other live process holds at this moment; asked for every id, since a lease may be lost.

        The first call leases one, and may take seconds unless `start` went before. Raises Unavailable with the seconds to wait while
        there is none.
        """
        ...

    async def start(self, *, watch: bool) -> None:
        """Leases a worker number and, to `watch`, learns which nodes there are. Raises StartupRefused with the reason."""
        ...

    async def announce(self, load: Load) -> None:
        """This process is a node and stands so, from now on until `withdraw`, whatever happens to the registry meanwhile.

        The first time, and when it begins to drain, it returns when others can know, or after a few seconds; else at once. To be
        called every few seconds. Raises StartupRefused when clients could not find this node.
        """
        ...

    async def withdraw(self) -> None:
        """This process is no node any more."""
        ...

    async def nodes_for(self, region: str = "") -> list[Node]:
        """The nodes a device in this region should try, best first, at most five; empty when there is none.

        Answers from memory: as long as the registry is away, with what was known last.
        """
        ...

    async def all_nodes(self) -> list[Candidate]:
        """Every node, those too that are full or drain, as far as is known."""
        ...

    async def close(self) -> None:
        """Withdraws and gives the worker number back. `start` may follow."""
        ...
