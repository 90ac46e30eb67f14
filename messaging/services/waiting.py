"""Sends wait here while their conversation's members are loaded, or the log is searched for them: only that conversation is held up."""

import asyncio
import logging
from collections.abc import Callable, Iterable

from chatsite.core.errors import ChatsiteError, Unavailable
from chatsite.core.outside import outside_requests
from messaging.services.chat import Chat
from messaging.services.jobs import Job
from messaging.services.repeats import answer_repeats

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.01


class WaitingRoom:
    """`conversation in room` tells whether somebody waits there; `back` takes them, in their order, once they can go on."""

    def __init__(self, chat: Chat, back: Callable[[list[Job]], None]) -> None:
        self._chat = chat
        self._back = back
        self._waiting: dict[int, list[Job]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __contains__(self, conversation: int) -> bool:
        return conversation in self._waiting

    @property
    def tasks(self) -> Iterable[asyncio.Task[None]]:
        """What is under way."""
        return tuple(self._tasks)

    def add(self, jobs: list[Job]) -> None:
        """Jobs of one conversation."""
        conversation = jobs[0].draft.conversation
        if conversation in self._waiting:
            self._waiting[conversation].extend(jobs)
            return
        self._waiting[conversation] = jobs
        task = asyncio.create_task(self._load(conversation), context=outside_requests())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _load(self, conversation: int) -> None:
        first = self._waiting[conversation][0]
        try:
            if first.suspicion is None:
                if first.tries:  # the change that was numbered before us is about to be applied
                    await asyncio.sleep(RETRY_SECONDS * 4 ** (first.tries - 1))
                await self._chat.members.reload(conversation)
            while suspects := [job for job in self._waiting[conversation] if job.suspicion is not None]:
                await answer_repeats(self._chat.log, suspects)
        except ChatsiteError as error:
            self._refuse(conversation, error)
        except Exception:
            logger.exception("cannot look for what sends in %s wait for", conversation)
            self._refuse(conversation, Unavailable("Members cannot be read now", retry_after=1))
        else:
            jobs = [job for job in self._waiting.pop(conversation) if not job.future.done()]
            self._back(sorted(jobs, key=lambda job: job.number))  # one that waits for the second time may have come here last

    def _refuse(self, conversation: int, error: ChatsiteError) -> None:
        for job in self._waiting.pop(conversation):
            job.refuse(error)
