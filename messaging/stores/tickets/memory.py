"""Tickets in this process's memory."""

import hashlib
import secrets
from collections import OrderedDict

from chatsite.core.clock import Clock, clock
from messaging.stores.tickets.base import Holder

KEPT_MAX = 100_000


class MemoryTickets:
    """Oldest first in one ordered dict: expired tickets are dropped from its front, and so are the oldest of too many."""

    def __init__(self, clock: Clock = clock) -> None:
        self._clock = clock
        self._tickets: OrderedDict[bytes, tuple[float, str, Holder]] = OrderedDict()

    async def close(self) -> None:
        self._tickets.clear()

    async def issue(self, holder: Holder, *, node: str, ttl_seconds: float) -> str:
        self._drop_expired()
        ticket = secrets.token_urlsafe(16)
        self._tickets[_digest(ticket)] = (self._clock.monotonic() + ttl_seconds, node, holder)
        return ticket

    async def take(self, ticket: str, *, node: str) -> Holder | None:
        expires, wanted_node, holder = self._tickets.pop(_digest(ticket), (0.0, "", None))
        return holder if wanted_node == node and self._clock.monotonic() < expires else None

    def _drop_expired(self) -> None:
        now = self._clock.monotonic()
        while self._tickets and (len(self._tickets) >= KEPT_MAX or next(iter(self._tickets.values()))[0] <= now):
            self._tickets.popitem(last=False)


def _digest(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode()).digest()
