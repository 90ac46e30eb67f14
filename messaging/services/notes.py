"""Notes of delivered messages are taken back some at a time: one that stays a little longer costs nothing, a call for each would."""

import asyncio
import logging
from collections.abc import Iterable

from chatsite.core.errors import ChatsiteError
from messaging.protocol.types import Message
from messaging.services.chat import Chat

logger = logging.getLogger(__name__)

NOTES_MAX = 200
NOTES_SECONDS = 0.5  # well below the age at which somebody else delivers them again


class Notes:
    """Of one lane. Notes that a process leaves behind are found by the repair, which repeats their delivery."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._delivered: list[Message] = []
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def add(self, delivered: Iterable[Message]) -> None:
        self._delivered += delivered
        if len(self._delivered) >= NOTES_MAX:
            self._start()
        elif self._delivered and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(NOTES_SECONDS, self._start)

    def finish(self) -> asyncio.Task[None] | None:
        """Takes back what waits, now; answers with what is under way."""
        if self._delivered:
            self._start()
        return self._task

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is None:
            self._task = asyncio.create_task(self._take_back())

    async def _take_back(self) -> None:
        delivered: list[Message] = []
        try:
            while self._delivered:
                delivered, self._delivered = self._delivered, []
                await self._chat.sequencer.done(delivered)
        except ChatsiteError:  # notes that stay cost a repeated spread
            logger.warning("%d notes stay", len(delivered))
        except Exception:  # nobody waits for this
            logger.exception("%d notes stay", len(delivered))
        finally:
            self._task = None
