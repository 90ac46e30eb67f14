"""The port through which claimed checks go to whoever looks at them: this process, or workers behind a queue."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from chatsite.core.outages import refusal_of
from messaging.services.chat import Chat
from messaging.services.push.round import LastUsed, Pushing, look
from messaging.services.push.withdraw import withdraw
from messaging.stores.sequencer.base import PushCheck
from messaging.stores.shown.base import Shown
from notifications.services.sending import Sender

logger = logging.getLogger(__name__)

CLAIM_MAX = 500  # of each shard
VISIBILITY_MS = 60_000  # longer than a round takes
ROUNDS_AT_ONCE = 4


class Pusher(Protocol):
    """One per process."""

    async def look(self, checks: Sequence[PushCheck]) -> None:
        """Takes claimed checks over. Raises Unavailable when it does not: they come again when their claim ends."""
        ...

    async def withdraw(self, notices: Sequence[Shown]) -> None:
        """Takes notices back, soon. Raises Unavailable."""
        ...

    async def close(self) -> None: ...


class OwnPusher:
    """Looks and sends in this process; some rounds may be under way at once, so that a slow push service holds up few."""

    def __init__(self, pushing: Pushing) -> None:
        self._pushing = pushing
        self._rounds: set[asyncio.Task[int]] = set()

    async def look(self, checks: Sequence[PushCheck]) -> None:
        await self._begin(look(self._pushing, checks))

    async def withdraw(self, notices: Sequence[Shown]) -> None:
        await self._begin(withdraw(self._pushing, notices))

    async def close(self) -> None:
        for task in self._rounds:
            task.cancel()
        await asyncio.gather(*self._rounds, return_exceptions=True)
        await self._pushing.sender.close()

    async def _begin(self, work: Coroutine[Any, Any, int]) -> None:
        while len(self._rounds) >= ROUNDS_AT_ONCE:
            await asyncio.wait(self._rounds, return_when=asyncio.FIRST_COMPLETED)
        task = asyncio.create_task(work)
        self._rounds.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: "asyncio.Task[int]") -> None:
        self._rounds.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            is_away = isinstance(error, Exception) and refusal_of(error) is not None
            logger.warning("a round of pushes was left: %s", error, exc_info=None if is_away else error)


def open_pusher(chat: Chat, presence: LastUsed) -> Pusher:
    """The one that the settings name."""
    spec = settings.PUSHER
    pusher: Pusher = import_string(spec["BACKEND"])(Pushing(chat, presence, Sender()), **spec.get("OPTIONS", {}))
    return pusher


async def claim_and_look(chat: Chat, pusher: Pusher, *, now: int) -> int:
    """Every second: hands what is due to the pusher. Returns how many checks."""
    checks = await chat.sequencer.claim_push_checks(now=now, limit=CLAIM_MAX, visibility_ms=VISIBILITY_MS)
    if checks:
        await pusher.look(checks)
    return len(checks)
