"""What a process publishes on one Redis: all that comes in one tick, or while the last batch is under way, goes together."""

import asyncio
import logging
import math
from collections.abc import Iterator

import hiredis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ResponseError

from chatsite.core.clock import clock
from chatsite.edge.redis_link import Link

logger = logging.getLogger(__name__)

PACKETS_MAX = 20_000  # that wait for one Redis
BYTES_MAX = 16 * 2**20
BATCH_PACKETS = 256  # in one PUBLISH: who hears it gives others a turn after it
BATCH_BYTES = 2**20
REPLY_SECONDS = 3.0
TRIES = 2
CLOSE_SECONDS = 1.0
TELL_SECONDS = 60.0


class Losses:
    """Counts packets that were dropped, and says so once a minute."""

    def __init__(self) -> None:
        self.count = 0
        self._told = 0
        self._told_at = -math.inf

    def add(self, packets: int) -> None:
        self.count += packets
        now = clock.monotonic()
        if now - self._told_at >= TELL_SECONDS:
            fresh = self.count - self._told
            logger.warning("%d packets to other nodes were dropped; devices catch up at their next heartbeat", fresh)
            self._told, self._told_at = self.count, now


class Publisher(Link):
    """`put` never waits. A batch whose connection broke is sent once more: packets may come twice, and keep their order."""

    def __init__(self, url: str, losses: Losses) -> None:
        self._losses = losses
        self._waiting: dict[str, list[bytes]] = {}
        self._packets = self._bytes = 0
        self._batch: dict[str, list[bytes]] = {}
        self._tries = 0
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        super().__init__(url)

    def put(self, channel: str, body: bytes) -> None:
        """Takes an encoded packet along with the next batch, or drops it when too much waits already."""
        if self._packets >= PACKETS_MAX or self._bytes + len(body) > BYTES_MAX:
            self._losses.add(1)
            return
        self._packets += 1
        self._bytes += len(body)
        self._waiting.setdefault(channel, []).append(body)
        self._wake.set()
        self._idle.clear()

    async def close(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._idle.wait()
        except TimeoutError:
            self._losses.add(self._packets + _count(self._batch))
        await super().close()

    async def _wanted(self) -> None:
        await self._wake.wait()

    async def _serve(self, connection: AbstractConnection) -> None:
        while True:
            await self._wake.wait()
            if not self._batch:
                self._take()
            self._tries += 1
            async with asyncio.timeout(REPLY_SECONDS):
                await self._publish(connection)
            self._works()
            self._done()

    def _take(self) -> None:
        self._batch, self._waiting = self._waiting, {}
        self._packets = self._bytes = 0

    async def _publish(self, connection: AbstractConnection) -> None:
        publishes = tuple(_together(self._batch))
        commands = [hiredis.pack_command(("PUBLISH", channel, body)) for channel, body, _ in publishes]  # type: ignore[arg-type]
        await connection.send_packed_command(commands, check_health=False)
        for _, _, packets in publishes:
            try:
                await connection.read_response(timeout=math.inf)
            except ResponseError as error:  # it will not have them: sending them again would not help
                logger.warning("Redis at %s refused packets: %s", self.address, error)
                self._losses.add(packets)

    def _done(self) -> None:
        self._batch, self._tries = {}, 0
        if not self._waiting:
            self._wake.clear()
            self._idle.set()

    def _lost(self, error: Exception) -> None:
        super()._lost(error)
        if self._tries == TRIES:
            self._losses.add(_count(self._batch))
            self._done()


def _count(batch: dict[str, list[bytes]]) -> int:
    return sum(len(bodies) for bodies in batch.values())


def _together(batch: dict[str, list[bytes]]) -> Iterator[tuple[str, bytes, int]]:
    """For each channel its packets as one body, or as several where they are many or large, with their number."""
    for channel, bodies in batch.items():
        some: list[bytes] = []
        size = 0
        for body in bodies:
            if len(some) == BATCH_PACKETS or (some and size + len(body) > BATCH_BYTES):
                yield channel, _array(some), len(some)
                some, size = [], 0
            some.append(body)
            size += len(body)
        yield channel, _array(some), len(some)


def _array(bodies: list[bytes]) -> bytes:
    """A MessagePack array of values that are encoded already."""
    return b"\xdc" + len(bodies).to_bytes(2, "big") + b"".join(bodies)
