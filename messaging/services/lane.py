"""One lane of the message road: the conversations that are numbered in one place go together, batch after batch.

Whatever arrives while a batch is on its way goes in the next one. A lane that is slow holds up no other.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from chatsite.core.clock import clock
from chatsite.core.errors import Busy, ChatsiteError, Conflict, Unavailable
from chatsite.core.failpoints import is_planted, reach
from chatsite.core.outside import outside_requests
from messaging.services.chat import Chat
from messaging.services.delivery import Watch, deliver, members_for_delivery
from messaging.services.drafts import check_draft
from messaging.services.jobs import Job, Placed
from messaging.services.members import Members
from messaging.services.notes import Notes
from messaging.services.repeats import clash
from messaging.services.stand import is_outdated
from messaging.services.waiting import WaitingRoom
from messaging.stores.log.base import NotStored
from messaging.stores.sequencer.base import (
    Allocation,
    Check,
    Clash,
    Duplicate,
    Full,
    MembersChanged,
    New,
    Outcome,
    Pending,
    Unreachable,
)

logger = logging.getLogger(__name__)

BATCH_MAX = 500
TRIES_MAX = 5
BLOCKED_SECONDS = 0.5  # so long a lower seq, of another process perhaps, has to be released by whoever numbered it
LOOK_SECONDS = 0.004, 0.05  # between looks at it: at first, at most


class Lane:
    """Call it from the road only. What has to wait for members goes to the `waiting` room; `enqueue` is the way for what comes again."""

    def __init__(self, chat: Chat, waiting: WaitingRoom, *, enqueue: Callable[[Job], None], watch: Watch) -> None:
        self._chat = chat
        self._waiting = waiting
        self._enqueue = enqueue
        self._watch = watch
        self._ready: deque[Job] = deque()
        self._runner: asyncio.Task[None] | None = None
        # Conversations in which something failed after numbering: numbers below the next ones may be without a row.
        self._stranded: set[int] = set()
        # Stored, but a lower seq is not. Of one seq there may be several: a send and its repetition, each with somebody who waits.
        self._blocked: dict[tuple[int, int], list[Placed]] = {}
        self._blocked_since: dict[tuple[int, int], float] = {}
        self._unblocker: asyncio.Task[None] | None = None
        self._notes = Notes(chat)

    def put(self, job: Job) -> None:
        self._ready.append(job)
        self._start()

    def put_back(self, jobs: Sequence[Job]) -> None:
        """What has waited goes before what came meanwhile, and behind what had come before."""
        self._ready = deque(sorted([*self._ready, *jobs], key=lambda job: job.number))
        self._start()

    def _start(self) -> None:
        if self._runner is None and self._ready:
            self._runner = asyncio.create_task(self._run_batches(), context=outside_requests())

    def finish(self) -> list[asyncio.Task[None]]:
        """What is under way, with what had been put off."""
        return [task for task in (self._runner, self._unblocker, self._notes.finish()) if task is not None]

    async def _run_batches(self) -> None:
        try:
            while self._ready:
                batch = [self._ready.popleft() for _ in range(min(BATCH_MAX, len(self._ready)))]
                try:
                    await self._send(batch)
                except Exception as error:
                    if not isinstance(error, ChatsiteError):
                        logger.exception("a batch of %d sends failed", len(batch))
                    for job in batch:
                        job.refuse(_refusal(error))
        finally:
            self._runner = None

    async def _send(self, batch: list[Job]) -> None:
        deferred: set[int] = set()
        jobs = [job for job in batch if await self._check(job, deferred)]
        self._watch("check")
        await reach("send.checked", conversation=(job.draft.conversation for job in jobs))
        placed: list[Placed] = []
        try:
            await self._allocate(jobs, placed)
            self._watch("allocate")
            if placed:
                if is_planted("early_ack"):
                    self._acknowledge(placed)
                await reach("send.allocated", conversation=(item.message.conversation for item in placed))
                await self._store(placed)
        except Exception:
            self._stranded |= {item.message.conversation for item in placed}
            raise

    async def _check(self, job: Job, deferred: set[int]) -> bool:
        """`deferred` are conversations of which an earlier send of this batch went to wait: nobody overtakes it, even if its wait is over."""
        conversation = job.draft.conversation
        members = self._chat.members.peek(conversation)
        if members is None:  # forgotten while the job stood in the queue
            deferred.add(conversation)
            self._waiting.add([job])
            return False
        if (conversation in self._waiting or conversation in deferred) and not job.sets_mv:
            deferred.add(conversation)
            self._enqueue(job)
            return False
        try:
            await check_draft(self._chat, job.draft, members)
        except ChatsiteError as error:
            if job.tries or not await is_outdated(self._chat, members):
                job.refuse(error)
            else:  # another process may have let the sender in since
                job.tries += 1
                deferred.add(conversation)
                self._waiting.add([job])
            return False
        return True

    async def _allocate(self, jobs: Sequence[Job], placed: list[Placed]) -> None:
        """Numbers what can be numbered, into `placed`, which holds it even if a later step fails; the rest has its answer, or goes round."""
        known = [(job, self._chat.members.peek(job.draft.conversation)) for job in jobs]
        pairs = [(job, members) for job, members in known if members is not None]
        for job, members in known:
            if members is None:
                self._waiting.add([job])
        wishes = [Allocation(job.draft, job.digest, _mv(job, members), job.sets_mv, job.checked) for job, members in pairs]
        outcomes = await self._chat.sequencer.allocate(wishes)
        for (job, members), outcome in zip(pairs, outcomes, strict=True):
            if isinstance(outcome, New | Pending):
                placed.append(Placed(job, outcome.message, members, isinstance(outcome, Pending), outcome.released))
            else:
                self._settle(job, outcome)

    def _settle(self, job: Job, outcome: Outcome) -> None:
        match outcome:
            case Duplicate(seq, sent_at):
                job.answer(seq, sent_at, duplicate=True)
            case Clash():
                job.refuse(clash())
            case Check():  # a search may take long: it keeps its own conversation waiting, not the lane
                job.suspicion = outcome
                self._waiting.add([job])
            case Full(retry_after_seconds):
                job.refuse(Busy("Too many sends under way here", retry_after=retry_after_seconds))
            case Unreachable():
                job.refuse(Unavailable(retry_after=1))
            case MembersChanged():
                job.tries += 1
                if job.sets_mv:
                    job.refuse(Conflict("Somebody else changed this conversation at the same time"))
                elif job.tries == TRIES_MAX:
                    job.refuse(Unavailable("Membership keeps changing", retry_after=1))
                else:
                    self._waiting.add([job])

    # --- Numbered: anybody may repeat what follows ------------------------------------------------------------------------

    async def _store(self, placed: list[Placed]) -> None:
        placed = await self._join_stranded(placed)
        messages = [item.message for item in placed]
        released = {item.message.conversation: item.released for item in placed}
        self._stranded |= {message.conversation for message in messages}
        try:
            await self._chat.log.store(messages, released=released)
        except NotStored as error:
            _refuse((item for item in placed if item.message.conversation in error.conversations), error)
            placed = [item for item in placed if item.message.conversation not in error.conversations]
        self._stranded -= {item.message.conversation for item in placed}
        self._watch("store")
        await reach("send.stored", conversation=(item.message.conversation for item in placed))
        if placed:
            await self._release(placed)

    async def _join_stranded(self, placed: list[Placed]) -> list[Placed]:
        """Puts messages whose store failed before those that were numbered after them, into the same store.

        Stored later than those, they would be a hole for ever if an embedded process ended in between: the next one takes the highest seq
        for the head.
        """
        known = {item.key for item in placed}
        for conversation in {conversation for conversation, _ in known} & self._stranded:
            placed = [*await self._lower(conversation, known), *placed]
        return placed

    async def _lower(self, conversation: int, known: Iterable[tuple[int, int]]) -> list[Placed]:
        """The conversation's unreleased messages but the known ones."""
        members = await self._chat.members.get(conversation)
        owed = await self._chat.sequencer.unreleased(conversation)
        return [Placed(None, message, members) for message in owed if (conversation, message.seq) not in known]

    async def _release(self, placed: list[Placed]) -> None:
        """Moves heads, and takes along what waited for that; answers and delivers what is released now."""
        placed = [*self._unblocked(placed), *placed]
        try:
            heads = await self._chat.sequencer.commit([item.message for item in placed])
        except Exception as error:
            for item in placed:
                self._blocked_since.pop(item.key, None)
            _refuse(placed, _refusal(error))
            raise
        self._watch("commit")
        await reach("send.committed", conversation=(item.message.conversation for item in placed))
        latest: dict[int, int] = {}
        for item, head in zip(placed, heads, strict=True):
            latest[item.message.conversation] = max(latest.get(item.message.conversation, 0), head or 0)
        released = []
        for item, head in zip(placed, heads, strict=True):
            if head is None:
                self._again(item)
            elif latest[item.message.conversation] < item.message.seq:
                self._block(item)
            else:
                self._blocked_since.pop(item.key, None)
                released.append(item)
        self._acknowledge(released)
        self._watch("ack")
        if not released:
            return
        await reach("send.acked", conversation=(item.message.conversation for item in released))
        try:
            recent = await members_for_delivery(self._chat, released)
            self._notes.add(await deliver(self._chat, recent, latest, watch=self._watch))
        except ChatsiteError:
            logger.warning("%d messages are owed to inboxes", len(released))

    def _acknowledge(self, placed: Iterable[Placed]) -> None:
        for item in placed:
            if item.job is not None:
                item.job.answer(item.message.seq, item.message.sent_at, duplicate=item.is_repeat)

    def _again(self, item: Placed) -> None:
        """What numbered it has begun another life, or cannot be asked: the send runs once more, and finds itself if it was there."""
        self._blocked_since.pop(item.key, None)
        job = item.job
        if job is None or job.future.done():
            return
        job.tries += 1
        job.checked = job.sets_mv  # another life remembers other ids
        if job.tries < TRIES_MAX:
            self._enqueue(job)
        else:
            job.refuse(Unavailable(retry_after=1))

    def _block(self, item: Placed) -> None:
        self._blocked.setdefault(item.key, []).append(item)
        self._blocked_since.setdefault(item.key, clock.monotonic())
        if self._unblocker is None:
            self._unblocker = asyncio.create_task(self._unblock(), context=outside_requests())

    def _unblocked(self, placed: Iterable[Placed]) -> list[Placed]:
        """Blocked messages of these conversations: the commit to come may release them too."""
        conversations = {item.message.conversation for item in placed}
        keys = sorted(key for key in self._blocked if key[0] in conversations)
        return [item for key in keys for item in self._blocked.pop(key)]

    async def _unblock(self) -> None:
        """Looks again at what waits for lower seqs; after a while it finishes those itself, whoever numbered them."""
        pause, longest = LOOK_SECONDS
        try:
            while self._blocked:
                await asyncio.sleep(pause)
                pause = min(longest, pause * 2)
                taken, self._blocked = self._blocked, {}
                placed = [item for items in taken.values() for item in items]
                try:
                    now = clock.monotonic()
                    # One send may be blocked in two lives of its shard; what ends the first must not take the other along.
                    since = {key: self._blocked_since.setdefault(key, now) for key in taken}
                    for conversation in {key[0] for key in taken if now - since[key] > BLOCKED_SECONDS}:
                        placed = await self._finish_lower(conversation, placed)
                    if placed:
                        await self._release(placed)
                except Exception as error:  # their notes stay: somebody finishes them
                    if not isinstance(error, ChatsiteError):
                        logger.exception("%d sends stay blocked", len(placed))
                    for key in taken:
                        self._blocked_since.pop(key, None)
                    _refuse(placed, _refusal(error))
        finally:
            self._unblocker = None

    async def _finish_lower(self, conversation: int, placed: list[Placed]) -> list[Placed]:
        """Stores what is below the blocked ones, and puts it before them. Where that cannot be done, their senders are told."""
        lower = await self._lower(conversation, {item.key for item in placed})
        try:
            await self._chat.log.store([item.message for item in lower])
        except NotStored as error:
            given_up = [item for item in placed if item.message.conversation == conversation]
            for item in given_up:
                self._blocked_since.pop(item.key, None)
            _refuse(given_up, error)
            return [item for item in placed if item.message.conversation != conversation]
        return [*lower, *placed]


def _refusal(error: Exception) -> ChatsiteError:
    """What is said of it to those who sent."""
    return error if isinstance(error, ChatsiteError) else Unavailable("The send failed", retry_after=1)


def _refuse(placed: Iterable[Placed], error: ChatsiteError) -> None:
    for item in placed:
        if item.job is not None:
            item.job.refuse(error)


def _mv(job: Job, members: Members) -> int:
    """A membership change knows the version it makes; everybody else was checked under the one in the cache."""
    return int(job.draft.event["version"]) - 1 if job.sets_mv and job.draft.event else members.version
