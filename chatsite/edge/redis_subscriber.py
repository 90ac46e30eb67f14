"""What a process hears on one Redis: one subscription, watched, renewed after every loss, and then reported as a gap."""

import asyncio
import math
from collections.abc import Callable

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as Lost

from chatsite.core.clock import clock
from chatsite.edge.redis_link import Link

PING_SECONDS = 4.0
SILENCE_SECONDS = 10.0  # a Redis that says nothing for so long, not even PONG, is away
TURN_PACKETS = 256


class Subscriber(Link):
    """Calls `hear` with each body and learns from it how many packets there were; calls `missed` when it hears again after a loss."""

    def __init__(self, url: str, *, hear: Callable[[str, bytes], int], missed: Callable[[], None]) -> None:
        self._hear = hear
        self._missed = missed
        self._channels: set[str] = set()
        self._standing: set[str] = set()
        self._changed = asyncio.Event()
        self._stands = asyncio.Event()
        self._has_missed = False
        self._heard_at = 0.0
        super().__init__(url)

    def add(self, channel: str) -> None:
        self._channels.add(channel)
        self._stands.clear()
        self._changed.set()

    def remove(self, channel: str) -> None:
        self._channels.discard(channel)
        self._changed.set()

    async def ready(self) -> None:
        """Waits until Redis has confirmed every channel."""
        await self._stands.wait()

    async def _wanted(self) -> None:
        await self._changed.wait()

    async def _serve(self, connection: AbstractConnection) -> None:
        self._heard_at = clock.monotonic()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep(connection))
            tasks.create_task(self._listen(connection))

    async def _keep(self, connection: AbstractConnection) -> None:
        """Tells Redis what we want to hear, and asks it to say something when it was quiet."""
        asked: set[str] = set()
        while True:
            self._changed.clear()
            wanted = set(self._channels)
            if new := wanted - asked:
                await connection.send_command("SUBSCRIBE", *new, check_health=False)
            if old := asked - wanted:
                self._standing -= old
                await connection.send_command("UNSUBSCRIBE", *old, check_health=False)
            asked = wanted
            self._look()
            try:
                async with asyncio.timeout(PING_SECONDS):
                    await self._changed.wait()
            except TimeoutError:
                if clock.monotonic() - self._heard_at > SILENCE_SECONDS:
                    raise Lost("it says nothing") from None
                await connection.send_command("PING", check_health=False)

    async def _listen(self, connection: AbstractConnection) -> None:
        packets = 0
        while True:
            reply = await connection.read_response(timeout=math.inf)
            self._heard_at = clock.monotonic()
            match reply:
                case [b"message", bytes(channel), bytes(body)]:
                    packets += self._hear(channel.decode(), body)
                case [b"subscribe", bytes(channel), _]:
                    self._works()
                    self._standing.add(channel.decode())
                    self._look()
            if packets >= TURN_PACKETS:  # a read that finds its bytes waiting does not let others run
                packets = 0
                await asyncio.sleep(0)

    def _look(self) -> None:
        """Do we hear all that we want to? If so after a loss, it is told."""
        if self._stands.is_set() or not self._standing >= self._channels:
            return
        self._stands.set()
        if self._has_missed:
            self._has_missed = False
            self._missed()

    def _lost(self, error: Exception) -> None:
        super()._lost(error)
        self._has_missed = True
        self._standing.clear()
        self._stands.clear()
        self._changed.set()
