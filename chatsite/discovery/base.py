"""The port of service discovery: which chat nodes there are, and which worker number this process holds."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Node:
    """One chat server process as clients see it."""

    name: str
    url: str  # ws:// or wss:// address of its socket; "" means: the same origin as the page
    region: str = ""


class Discovery(Protocol):
    """Finds nodes and leases worker numbers."""

    def lease_worker_number(self) -> int:
        """A number in 0–1023 that no other live process holds; kept until this process ends.

        Raises RuntimeError when all are taken.
        """
        ...

    async def nodes_for(self, user_id: int, region: str = "") -> list[Node]:
        """The nodes a device of this user should try, best first; empty when there is none."""
        ...
