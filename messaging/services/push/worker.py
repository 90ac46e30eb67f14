"""What a worker process works with: the stores, on an event loop that lives as long as the process, whichever thread has the task."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from django.conf import settings

from chatsite.core.backends import load
from messaging.services.chat import open_chat
from messaging.services.push.round import Pushing
from notifications.services.sending import Sender
from presence.stores.base import PresenceStore


class Worker:
    """Begins with its first task; the process's end is its own."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting = threading.Lock()
        self._pushing: Pushing | None = None
        self._opening = asyncio.Lock()

    def run(self, work: Callable[[Pushing], Coroutine[Any, Any, int]]) -> int:
        """From a thread of Celery's; raises what the work raises."""
        return asyncio.run_coroutine_threadsafe(self._run(work), self._running()).result()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="worker", daemon=True).start()
            return self._loop

    async def _run(self, work: Callable[[Pushing], Coroutine[Any, Any, int]]) -> int:
        async with self._opening:
            if self._pushing is None:
                chat = await open_chat(node=settings.NODE_NAME)
                presence = load("PRESENCE", PresenceStore)  # type: ignore[type-abstract]
                self._pushing = Pushing(chat, presence, Sender())
        return await work(self._pushing)
