"""What a process publishes on one Redis: all that comes in one tick, or while the last batch is under way, goes together."""

import asyncio
import logging
import math
from collections import deque
from collections.abc import Iterator
from typing import Any

from chatsite.core.clock import clock
from chatsite.core.redis_wire import Wire, command
from chatsite.edge.redis_link import Link

logger = logging.getLogger(__name__)

PACKETS_MAX = 20_000  # that wait for one Redis
BYTES_MAX = 16 * 2**20
BATCH_PACKETS = 256  # in one PUBLISH: who hears it gives others a turn after it
BATCH_BYTES = 2**20
REPLY_SECONDS = 3.0
WATCH_SECONDS = 1.0
TRIES = 2
CLOSE_SECONDS = 1.0
TELL_SECONDS = 60.0

Batch = dict[str, list[bytes]]  # by channel


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
        self._waiting: Batch = {}
        self._packets = self._bytes = 0
        self._batch: Batch = {}  # under way
        self._tries = 0
        self._unanswered: deque[int] = deque()  # packets in each PUBLISH of the batch
        self._flushed_at = 0.0
        self._wire: Wire | None = None
        self._is_scheduled = False
        self._emptied = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        super().__init__(url)

    def put(self, channel: str, body: bytes) -> None:
        """Takes an encoded packet along with the next batch, or drops it when too much waits already."""
        if self._packets >= PACKETS_MAX or self._bytes + len(body) > BYTES_MAX:
            self._losses.add(1)
            return
        self._packets += 1
        self._bytes += len(body)
        self._waiting.setdefault(channel, []).append(body)
        if self._wire is None:
            self._stir.set()
        elif not self._is_scheduled and not self._unanswered:
            self._is_scheduled = True
            self._loop.call_soon(self._flush)

    async def close(self) -> None:
        if self._packets or self._batch:
            self._emptied.clear()
            try:
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._emptied.wait()
            except TimeoutError:
                self._losses.add(self._packets + _count(self._batch))
        await super().close()

    async def _wanted(self) -> None:
        while not self._packets and not self._batch:
            self._stir.clear()
            await self._stir.wait()

    async def _serve(self, wire: Wire) -> None:
        self._wire = wire
        try:
            self._flush()
            while True:
                await self._rest(WATCH_SECONDS)
                wire.check()
                if self._unanswered and clock.monotonic() - self._flushed_at > REPLY_SECONDS:
                    raise ConnectionError("it does not answer")
        finally:
            self._wire = None
            self._unanswered.clear()

    def _flush(self) -> None:
        self._is_scheduled = False
        if self._wire is None or self._unanswered:
            return
        if not self._batch:
            self._batch, self._waiting = self._waiting, {}
            self._packets = self._bytes = 0
        if self._batch:
            self._tries += 1
            self._flushed_at = clock.monotonic()
            publishes = tuple(_together(self._batch))
            self._unanswered.extend(packets for _, _, packets in publishes)
            self._wire.write(b"".join([command("PUBLISH", channel, body) for channel, body, _ in publishes]))

    def _hear(self, reply: Any) -> None:
        packets = self._unanswered.popleft()
        if isinstance(reply, Exception):  # it will not have them: sending them again would not help
            logger.warning("Redis at %s refused packets: %s", self.address, reply)
            self._losses.add(packets)
        if not self._unanswered:
            self._works()
            self._batch, self._tries = {}, 0
            self._flush()
            if not self._batch:
                self._emptied.set()

    def _lost(self, error: OSError) -> None:
        super()._lost(error)
        if self._tries == TRIES:
            self._losses.add(_count(self._batch))
            self._batch, self._tries = {}, 0


def _count(batch: Batch) -> int:
    return sum(len(bodies) for bodies in batch.values())


def _together(batch: Batch) -> Iterator[tuple[str, bytes, int]]:
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
