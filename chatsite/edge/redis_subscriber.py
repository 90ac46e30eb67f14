"""What a process hears on one Redis: one subscription, watched, renewed after every loss, and then reported as a gap."""

import asyncio
from collections.abc import Callable
from typing import Any

from chatsite.core.clock import clock
from chatsite.core.redis_wire import Wire, command
from chatsite.edge.redis_link import Link

PING_SECONDS = 4.0
SILENCE_SECONDS = 10.0  # a Redis that says nothing for so long, not even PONG, is away

_PING = command("PING")


class Subscriber(Link):
    """Calls `hear` with each body; calls `missed` when it hears again after a loss."""

    def __init__(self, url: str, *, hear: Callable[[str, bytes], None], missed: Callable[[], None]) -> None:
        self._hear_body = hear
        self._missed = missed
        self._channels: set[str] = set()
        self._standing: set[str] = set()
        self._stands = asyncio.Event()
        self._has_missed = False
        self._heard_at = 0.0
        self._refusal: Exception | None = None
        super().__init__(url)

    def add(self, channel: str) -> None:
        self._channels.add(channel)
        self._stands.clear()
        self._stir.set()

    def remove(self, channel: str) -> None:
        self._channels.discard(channel)
        self._stir.set()

    async def ready(self) -> None:
        """Waits until Redis has confirmed every channel."""
        await self._stands.wait()

    async def _wanted(self) -> None:
        """Always: it was made because something is to be heard."""

    async def _serve(self, wire: Wire) -> None:
        """Tells Redis what we want to hear, and asks it to say something when it was quiet."""
        self._heard_at = clock.monotonic()
        asked: set[str] = set()
        while True:
            wire.check()
            if self._refusal is not None:
                raise ConnectionError(f"it refuses: {self._refusal}")
            if clock.monotonic() - self._heard_at > SILENCE_SECONDS:
                raise ConnectionError("it says nothing")
            asked = self._ask(wire, asked)
            self._look()
            if not await self._rest(PING_SECONDS):
                wire.write(_PING)

    def _ask(self, wire: Wire, asked: set[str]) -> set[str]:
        if new := self._channels - asked:
            wire.write(command("SUBSCRIBE", *new))
        if old := asked - self._channels:
            self._standing -= old
            wire.write(command("UNSUBSCRIBE", *old))
        return set(self._channels)

    def _hear(self, reply: Any) -> None:
        self._heard_at = clock.monotonic()
        match reply:
            case [b"message", bytes(channel), bytes(body)]:
                self._hear_body(channel.decode(), body)
            case [b"subscribe", bytes(channel), _]:
                self._works()
                self._standing.add(channel.decode())
                self._look()
            case Exception():
                self._refusal = reply
                self._stir.set()

    def _look(self) -> None:
        """Do we hear all that we want to? If so after a loss, it is told."""
        if self._stands.is_set() or not self._standing >= self._channels:
            return
        self._stands.set()
        if self._has_missed:
            self._has_missed = False
            self._missed()

    def _lost(self, error: OSError) -> None:
        super()._lost(error)
        self._has_missed = True
        self._refusal = None
        self._standing.clear()
        self._stands.clear()
