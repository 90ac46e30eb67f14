"""The road of a message: check, allocate, store, commit, ack, spread, fan out, done.

The order is the promise: acked means durable and readable, and in every member's inbox or owed to it by a note. Every step may be repeated.
The steps are in `lane.py` and `delivery.py`; here is who may enter, and by which lane.
"""

import asyncio

from chatsite.core.errors import Busy
from messaging.protocol.types import Draft, Sent
from messaging.services.chat import Chat
from messaging.services.delivery import Watch
from messaging.services.jobs import Job
from messaging.services.lane import Lane
from messaging.services.waiting import WaitingRoom

UNANSWERED_MAX = 20_000


class SendRoad:
    """All sends of one process. Call it from its event loop."""

    def __init__(self, chat: Chat, *, watch: Watch = lambda step: None) -> None:
        self._chat = chat
        self._watch = watch  # told each step's name as it ends; `manage.py walk` prints them
        self._waiting = WaitingRoom(chat, self._come_back)
        self._lanes: dict[int, Lane] = {}
        self._unanswered = 0

    def submit(self, draft: Draft, *, origin: object = None, sets_mv: bool = False) -> asyncio.Future[Sent]:
        """Puts a draft on the road and returns at once; drafts of one caller keep their order.

        `origin` is the socket whose answer is the ack. The future ends with Sent, or NotAMember, Forbidden, Invalid, Conflict, Busy,
        Unavailable (then the outcome is unknown: the same client id may be sent again).
        """
        job = Job(draft, origin=origin, sets_mv=sets_mv)
        if self._unanswered >= UNANSWERED_MAX:
            job.refuse(Busy("The server is catching up", retry_after=1))
        else:
            self._unanswered += 1
            job.future.add_done_callback(self._count_answer)
            self._enqueue(job)
        return job.future

    async def drain(self) -> None:
        """Returns when everything submitted so far has its answer, and what follows an answer is done."""
        while tasks := [*self._waiting.tasks, *(task for lane in self._lanes.values() for task in lane.finish())]:
            await asyncio.wait(tasks)

    def _enqueue(self, job: Job) -> None:
        conversation = job.draft.conversation
        may_pass = job.sets_mv  # what waits may wait for this very change
        if not may_pass and (conversation in self._waiting or self._chat.members.peek(conversation) is None):
            self._waiting.add([job])
        else:
            self._lane(conversation).put(job)

    def _come_back(self, jobs: list[Job]) -> None:
        if jobs:
            self._lane(jobs[0].draft.conversation).put_back(jobs)

    def _lane(self, conversation: int) -> Lane:
        number = self._chat.sequencer.lane_of(conversation)
        lane = self._lanes.get(number)
        if lane is None:
            lane = self._lanes[number] = Lane(self._chat, self._waiting, enqueue=self._enqueue, watch=self._watch)
        return lane

    def _count_answer(self, _: object) -> None:
        self._unanswered -= 1
