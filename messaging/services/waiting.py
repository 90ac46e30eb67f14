"""Sends whose conversation's members are not known wait here while they are loaded: a slow relational store holds up that conversation only."""

import asyncio
import logging
from collections.abc import Callable, Iterable

from chatsite.core.errors import ChatsiteError, Unavailable
from messaging.services.jobs import Job
from messaging.services.members import MemberCache

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.01


class WaitingRoom:
    """`conversation in room` tells whether somebody waits there; `back` takes them, in their order, once members are known."""

    def __init__(self, members: MemberCache, back: Callable[[list[Job]], None]) -> None:
        self._members = members
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
        task = asyncio.create_task(self._load(conversation))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _load(self, conversation: int) -> None:
        tries = max(job.tries for job in self._waiting[conversation])
        try:
            if tries:  # the change that was numbered before us is about to be applied
                await asyncio.sleep(RETRY_SECONDS * 4 ** (tries - 1))
            await self._members.reload(conversation)
        except ChatsiteError as error:
            self._refuse(conversation, error)
        except Exception:
            logger.exception("cannot load the members of %s", conversation)
            self._refuse(conversation, Unavailable("Members cannot be read now", retry_after=1))
        else:
            self._back(self._waiting.pop(conversation))

    def _refuse(self, conversation: int, error: ChatsiteError) -> None:
        for job in self._waiting.pop(conversation):
            job.refuse(error)
