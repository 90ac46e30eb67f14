"""Sends pushes, on a thread and an event loop of its own: what it costs to encrypt and to wait never holds up a socket."""

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable

from notifications.gateways.opening import Gateways, open_gateways
from notifications.protocol import Dropped, Later, Outcome, Push
from notifications.services.subscriptions import Went

logger = logging.getLogger(__name__)

SECONDS = 20.0  # for one push: with the time in which a round begins them, below that of a task


class Sender:
    """One per process; it begins with the first push."""

    def __init__(self, open_gateways: Callable[[], Gateways] = open_gateways) -> None:
        self._open = open_gateways
        self._gateways: Gateways | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    async def send(self, push: Push) -> Went:
        """Raises nothing: what goes wrong is the outcome."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._send(push), self._running()))

    async def close(self) -> None:
        """Pushes under way are let go."""
        if self._loop is None or self._thread is None:
            return
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._close(), self._loop))
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join)
        self._loop.close()
        self._loop = self._thread = self._gateways = None

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="push", daemon=True)
            self._thread.start()
        return self._loop

    async def _send(self, push: Push) -> Went:
        if self._gateways is None:
            self._gateways = self._open()
        began = time.perf_counter()
        gateway = self._gateways.get(push.subscriber.gateway)
        outcome = await _tried(gateway.push(push)) if gateway else Dropped("no such gateway")
        return Went(push, outcome, time.perf_counter() - began)

    async def _close(self) -> None:
        for gateway in (self._gateways or {}).values():
            await gateway.close()


async def _tried(pushing: Awaitable[Outcome]) -> Outcome:
    """What nobody foresaw does not take the others along, and no token and no second try takes longer than this."""
    try:
        async with asyncio.timeout(SECONDS):
            return await pushing
    except TimeoutError:
        return Later("no answer in time")
    except Exception as error:
        logger.exception("a push failed")
        return Dropped(type(error).__name__)
