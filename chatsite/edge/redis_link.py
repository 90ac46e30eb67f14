"""One connection to one Redis, kept by a task of its own that comes back after every loss, later and later, with jitter."""

import asyncio
import logging
import random
from typing import Any
from urllib.parse import urlsplit

from chatsite.core.redis_wire import Wire, connect

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 3.0
BACKOFF_FIRST_SECONDS = 0.1
BACKOFF_MOST_SECONDS = 3.0


class Link:
    """Subclasses say what the connection is for (`_serve`, `_hear`). Made, used and closed on one event loop."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.address = urlsplit(url).netloc.rpartition("@")[2] or urlsplit(url).path  # for the log: without the password
        self._failures = 0
        self._stir = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self._wanted()
            try:
                await self._serve_once()
            except OSError as error:
                self._lost(error)
            await asyncio.sleep(self._pause())

    async def _serve_once(self) -> None:
        async with asyncio.timeout(CONNECT_SECONDS):  # a frozen Redis accepts, and then says nothing
            wire = await connect(self._url, hear=self._hear, lost=self._stir.set)
        try:
            await self._serve(wire)
        finally:
            wire.abort()

    async def _rest(self, seconds: float) -> bool:
        """Waits until something stirs; False when nothing did for so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._stir.wait()
        except TimeoutError:
            return False
        self._stir.clear()
        return True

    async def _wanted(self) -> None:
        """Returns when a connection is needed."""
        raise NotImplementedError

    async def _serve(self, wire: Wire) -> None:
        """Uses the connection until it is lost, and raises OSError then."""
        raise NotImplementedError

    def _hear(self, reply: Any) -> None:
        raise NotImplementedError

    def _works(self) -> None:
        """To be called when the server did what we want of it."""
        if self._failures:
            logger.info("Redis at %s answers again", self.address)
            self._failures = 0

    def _lost(self, error: OSError) -> None:
        if not self._failures:
            logger.warning("the line to Redis at %s is lost: %s", self.address, str(error) or "it does not answer")
        self._failures += 1

    def _pause(self) -> float:
        """Full jitter, so that not all nodes come back at once."""
        most = min(BACKOFF_MOST_SECONDS, BACKOFF_FIRST_SECONDS * 2 ** min(self._failures, 10))
        return random.uniform(0, most)  # noqa: S311 - no secret
