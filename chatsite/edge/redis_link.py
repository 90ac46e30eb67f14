"""One connection to one Redis, kept by a task of its own that comes back after every loss, later and later, with jitter."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 3.0
BACKOFF_FIRST_SECONDS = 0.1
BACKOFF_MOST_SECONDS = 3.0


class Link:
    """Subclasses say what the connection is for (`_serve`). Made, used and closed on one event loop."""

    def __init__(self, url: str) -> None:
        self.address = urlsplit(url).netloc.rpartition("@")[2]  # for the log: without the password
        # The library's own timeouts, checks and retries are off. They end a subscription that is quiet, and hide a loss that we must know of.
        self._pool = ConnectionPool.from_url(
            url, protocol=2, socket_timeout=None, socket_connect_timeout=CONNECT_SECONDS, health_check_interval=0,
            retry=Retry(NoBackoff(), 0),
        )  # fmt: skip
        self._failures = 0
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self._wanted()
            try:
                async with self._connected() as connection:
                    await self._serve(connection)
            except* (RedisError, OSError) as errors:
                self._lost(errors.exceptions[0])
            await asyncio.sleep(self._pause())

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AbstractConnection]:
        connection: AbstractConnection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        try:
            async with asyncio.timeout(CONNECT_SECONDS):  # a frozen Redis accepts, and then says nothing
                await connection.connect()  # type: ignore[no-untyped-call]
            yield connection
        finally:
            await connection.disconnect(nowait=True)

    async def _wanted(self) -> None:
        """Returns when a connection is needed."""

    async def _serve(self, connection: AbstractConnection) -> None:
        """Uses the connection until it is lost, and raises then."""
        raise NotImplementedError

    def _works(self) -> None:
        """To be called when the server has answered."""
        if self._failures:
            logger.info("Redis at %s answers again", self.address)
            self._failures = 0

    def _lost(self, error: Exception) -> None:
        if not self._failures:
            logger.warning("the line to Redis at %s is lost: %s", self.address, str(error) or type(error).__name__)
        self._failures += 1

    def _pause(self) -> float:
        """Full jitter, so that not all nodes come back at once."""
        most = min(BACKOFF_MOST_SECONDS, BACKOFF_FIRST_SECONDS * 2 ** min(self._failures, 10))
        return random.uniform(0, most)  # noqa: S311 - no secret
