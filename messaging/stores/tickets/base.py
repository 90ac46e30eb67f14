"""The port of tickets: single-use credentials to open a socket."""

from typing import Protocol

import msgspec


class Holder(msgspec.Struct, frozen=True):
    """Whom a ticket lets in."""

    user: int
    device: int


class Tickets(Protocol):
    """Kept by their SHA-256 only."""

    async def close(self) -> None: ...

    async def issue(self, holder: Holder, *, node: str, ttl_seconds: float) -> str:
        """A new ticket of 128 random bits, good once, at `node`."""
        ...

    async def take(self, ticket: str, *, node: str) -> Holder | None:
        """Uses a ticket up; None when it is unknown, used, expired, or for another node."""
        ...
