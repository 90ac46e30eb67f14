"""The road of a message: check, allocate, store, commit, ack, spread, fan out, done.

Whatever arrives while a batch is on its way goes together in the next one. The order is the promise: acked means durable and readable, and in
every member's inbox or owed to it by a note. Every step may be repeated.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from chatsite.core.errors import Busy, ChatsiteError, Conflict, Invalid, Unavailable
from messaging.protocol.events import MessageEvent, encode_event, view_message
from messaging.protocol.types import Draft, Mark, Message, Sent
from messaging.services.chat import Chat
from messaging.services.fanout import fan_out
from messaging.services.members import Members
from messaging.stores.inbox.base import Entry, Spread
from messaging.stores.log.base import Wanted
from messaging.stores.sequencer.base import Allocation, Check, Clash, Duplicate, Full, MembersChanged, New, Outcome, Pending

logger = logging.getLogger(__name__)

BATCH_MAX = 500
WAITING_MAX = 20_000
TRIES_MAX = 5
RETRY_SECONDS = 0.01

Watch = Callable[[str], None]


class _Job:
    """One send on its way."""

    __slots__ = ("checked", "digest", "draft", "future", "origin", "sets_mv", "tries")

    def __init__(self, draft: Draft, *, origin: object, sets_mv: bool) -> None:
        self.draft = draft
        self.digest = draft.digest
        self.origin = origin
        self.sets_mv = sets_mv
        self.checked = False
        self.tries = 0
        self.future: asyncio.Future[Sent] = asyncio.get_running_loop().create_future()

    def answer(self, seq: int, sent_at: int, *, duplicate: bool) -> None:
        if not self.future.done():
            draft = self.draft
            self.future.set_result(Sent(draft.conversation, draft.client_id, seq, sent_at, duplicate))

    def refuse(self, error: ChatsiteError) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class _Placed(msgspec.Struct, frozen=True):
    """A numbered message, the job that wants it, and who is to have it."""

    job: _Job | None
    message: Message
    members: Members
    is_repeat: bool = False


class SendRoad:
    """All sends of one process. Call it from its event loop."""

    def __init__(self, chat: Chat, *, watch: Watch = lambda step: None) -> None:
        self._chat = chat
        self._watch = watch  # told each step's name as it ends; `manage.py walk` prints them
        self._ready: deque[_Job] = deque()
        self._waiting: dict[int, list[_Job]] = {}  # conversation → sends that wait for its members
        self._tasks: set[asyncio.Task[None]] = set()
        self._runner: asyncio.Task[None] | None = None
        # Conversations in which something failed after numbering: numbers below the next ones may be without a row.
        self._stranded: set[int] = set()
        self.owes = False  # something was acked and not spread: `finish_owed` is due
        self._done: list[Message] = []  # spread; their notes go when the road is empty, or with the next full batch

    def submit(self, draft: Draft, *, origin: object = None, sets_mv: bool = False) -> asyncio.Future[Sent]:
        """Puts a draft on the road and returns at once; drafts of one caller keep their order.

        `origin` is the socket whose answer is the ack. The future ends with Sent, or NotAMember, Forbidden, Invalid, Conflict, Busy,
        Unavailable (then the outcome is unknown: the same client id may be sent again).
        """
        job = _Job(draft, origin=origin, sets_mv=sets_mv)
        if len(self._ready) >= WAITING_MAX:
            job.refuse(Busy("The server is catching up", retry_after=1))
        else:
            self._enqueue(job)
        return job.future

    async def drain(self) -> None:
        """Returns when everything submitted so far has its answer."""
        while self._runner is not None or self._tasks:
            await asyncio.wait({task for task in (self._runner, *self._tasks) if task is not None})

    def _enqueue(self, job: _Job) -> None:
        conversation = job.draft.conversation
        waiting = self._waiting.get(conversation)
        if waiting is not None and not job.sets_mv:  # what waits may wait for this very change
            waiting.append(job)
        elif self._chat.members.peek(conversation) is None and not job.sets_mv:
            self._wait_for_members([job])
        else:
            self._ready.append(job)
            self._run()

    def _wait_for_members(self, jobs: list[_Job]) -> None:
        """A slow relational store holds up this conversation only."""
        conversation = jobs[0].draft.conversation
        if conversation in self._waiting:
            self._waiting[conversation].extend(jobs)
            return
        self._waiting[conversation] = jobs
        task = asyncio.create_task(self._load_members(conversation))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _load_members(self, conversation: int) -> None:
        tries = max(job.tries for job in self._waiting[conversation])
        try:
            if tries:  # the change that was numbered before us is about to be applied
                await asyncio.sleep(RETRY_SECONDS * 4 ** (tries - 1))
            await self._chat.members.reload(conversation)
        except ChatsiteError as error:
            for job in self._waiting.pop(conversation):
                job.refuse(error)
        except Exception:
            logger.exception("cannot load the members of %s", conversation)
            for job in self._waiting.pop(conversation):
                job.refuse(Unavailable("Members cannot be read now", retry_after=1))
        else:
            self._ready.extend(self._waiting.pop(conversation))
            self._run()

    def _run(self) -> None:
        if self._runner is None:
            self._runner = asyncio.create_task(self._run_batches())

    async def _run_batches(self) -> None:
        try:
            while self._ready or self._done:
                if not self._ready or len(self._done) >= BATCH_MAX:
                    await self._forget_notes()
                    continue
                batch = [self._ready.popleft() for _ in range(min(BATCH_MAX, len(self._ready)))]
                try:
                    await self._send(batch)
                except Exception as error:
                    if not isinstance(error, ChatsiteError):
                        logger.exception("a batch of %d sends failed", len(batch))
                    refusal = error if isinstance(error, ChatsiteError) else Unavailable("The send failed", retry_after=1)
                    for job in batch:
                        job.refuse(refusal)
        finally:
            self._runner = None

    async def _forget_notes(self) -> None:
        done, self._done = self._done, []
        try:
            await self._chat.sequencer.done(done)
        except ChatsiteError:  # notes that stay cost a repeated spread at the next start
            logger.warning("%d notes stay", len(done))

    async def _send(self, batch: list[_Job]) -> None:
        deferred: set[int] = set()
        jobs = [job for job in batch if await self._check(job, deferred)]
        self._watch("check")
        placed: list[_Placed] = []
        try:
            await self._allocate(jobs, placed)
            self._watch("allocate")
            if placed:
                await self._finish(placed)
        except Exception:
            self._stranded |= {item.message.conversation for item in placed}
            raise

    async def _finish(self, placed: list[_Placed]) -> None:
        """Steps 3 to 8 for numbered messages; anybody may repeat them."""
        chat = self._chat
        placed = await self._join_stranded(placed)
        messages = [item.message for item in placed]
        await chat.log.store(messages)
        self._stranded -= {message.conversation for message in messages}
        self._watch("store")
        placed = await self._commit(placed, messages)
        self._watch("commit")
        for item in placed:
            if item.job is not None:
                item.job.answer(item.message.seq, item.message.sent_at, duplicate=item.is_repeat)
        self._watch("ack")
        try:
            await chat.receipts.mark(
                [Mark(item.message.conversation, item.message.sender, read=item.message.seq) for item in placed]
            )
            await self._spread(placed)
        except Exception:
            self.owes = True
            raise
        self._done.extend(item.message for item in placed)

    async def _join_stranded(self, placed: list[_Placed]) -> list[_Placed]:
        """Puts messages whose store failed before those that were numbered after them, into the same store.

        Stored later than those, they would be a hole for ever if the process ended in between: the next one takes the highest seq for the head.
        """
        chat = self._chat
        known = {(item.message.conversation, item.message.seq) for item in placed}
        for conversation in {conversation for conversation, _ in known} & self._stranded:
            members = await chat.members.get(conversation)
            owed = await chat.sequencer.unreleased(conversation)
            earlier = [message for message in owed if (conversation, message.seq) not in known]
            placed = [*(_Placed(None, message, members) for message in earlier), *placed]
        return placed

    async def _check(self, job: _Job, deferred: set[int]) -> bool:
        """`deferred` are conversations of which an earlier send of this batch went to wait: nobody overtakes it, even if its wait is over."""
        conversation = job.draft.conversation
        members = self._chat.members.peek(conversation)
        if members is None:  # forgotten while the job stood in the queue
            deferred.add(conversation)
            self._wait_for_members([job])
            return False
        if (conversation in self._waiting or conversation in deferred) and not job.sets_mv:
            deferred.add(conversation)
            self._enqueue(job)
            return False
        try:
            await self._authorize(job.draft, members)
        except ChatsiteError as error:
            job.refuse(error)
            return False
        return True

    async def _authorize(self, draft: Draft, members: Members) -> None:
        if draft.kind == "text":
            members.joined_member(draft.sender)
        if draft.reply_to is not None:
            (head,) = await self._chat.sequencer.heads([draft.conversation])
            if draft.reply_to > head.seq or not members.sees(draft.sender, draft.reply_to):
                raise Invalid("There is no such message to reply to", field="reply_to")
        if any(user not in members.by_user or not members.by_user[user].is_in for user in draft.mentions):
            raise Invalid("Only members can be mentioned", field="mentions")

    async def _allocate(self, jobs: Sequence[_Job], placed: list[_Placed]) -> None:
        """Numbers what can be numbered, into `placed`, which holds it even if a later step fails; the rest has its answer, or goes round."""
        todo = list(jobs)
        while todo:
            known = [(job, self._chat.members.peek(job.draft.conversation)) for job in todo]
            pairs = [(job, members) for job, members in known if members is not None]
            for job, members in known:
                if members is None:
                    self._wait_for_members([job])
            wishes = [Allocation(job.draft, job.digest, _mv(job, members), job.sets_mv, job.checked) for job, members in pairs]
            outcomes = await self._chat.sequencer.allocate(wishes)
            suspects: list[tuple[_Job, Check]] = []
            for (job, members), outcome in zip(pairs, outcomes, strict=True):
                if isinstance(outcome, New | Pending):
                    placed.append(_Placed(job, outcome.message, members, isinstance(outcome, Pending)))
                elif isinstance(outcome, Check):
                    suspects.append((job, outcome))
                else:
                    self._settle(job, outcome)
            todo = await self._search(suspects) if suspects else []

    def _settle(self, job: _Job, outcome: Outcome) -> None:
        match outcome:
            case Duplicate(seq, sent_at):
                job.answer(seq, sent_at, duplicate=True)
            case Clash():
                job.refuse(Conflict("This client id was used for another message", field="client_id"))
            case Full(retry_after_seconds):
                job.refuse(Busy("Too many sends under way here", retry_after=retry_after_seconds))
            case MembersChanged():
                job.tries += 1
                if job.sets_mv:
                    job.refuse(Conflict("Somebody else changed this conversation at the same time"))
                elif job.tries == TRIES_MAX:
                    job.refuse(Unavailable("Membership keeps changing", retry_after=1))
                else:
                    self._wait_for_members([job])

    async def _search(self, suspects: list[tuple[_Job, Check]]) -> list[_Job]:
        """Looks old client ids up in the log; answers with the jobs that are new after all."""
        wanted = [
            Wanted(job.draft.conversation, job.draft.sender, job.draft.client_id, check.after, check.floor)
            for job, check in suspects
        ]
        fresh = []
        for (job, _), found in zip(suspects, await self._chat.log.find(wanted), strict=True):
            job.checked = True
            if found is None:
                fresh.append(job)
            elif found.digest == job.digest:
                job.answer(found.seq, found.sent_at, duplicate=True)
            else:
                self._settle(job, Clash())
        return fresh

    async def _commit(self, placed: list[_Placed], messages: list[Message]) -> list[_Placed]:
        """Moves the heads. Where an earlier send never got stored, stores that one too, so that ours can be released."""
        chat = self._chat
        heads = await chat.sequencer.commit(messages)
        blocked = {message.conversation for message, head in zip(messages, heads, strict=True) if head < message.seq}
        known = {(message.conversation, message.seq) for message in messages}
        for conversation in blocked:
            members = await chat.members.get(conversation)
            owed = await chat.sequencer.unreleased(conversation)
            earlier = [message for message in owed if (conversation, message.seq) not in known]
            await chat.log.store(earlier)
            await chat.sequencer.commit(earlier)
            placed = [*(_Placed(None, message, members) for message in earlier), *placed]
        return placed

    async def _spread(self, placed: list[_Placed]) -> None:
        chat = self._chat
        recipients = [_recipients(item) for item in placed]
        spreads = [
            Spread(
                Entry("message", item.message.conversation, item.message.seq, item.message.sender, item.message.kind == "text"),
                users,
            )
            for item, users in zip(placed, recipients, strict=True)
        ]
        nodes = await chat.inbox.spread(spreads)
        self._watch("spread")
        heads = await chat.sequencer.heads([item.message.conversation for item in placed])
        for item, users, head, where in zip(placed, recipients, heads, nodes, strict=True):
            if where:
                event = MessageEvent(str(item.message.conversation), head.seq, view_message(item.message))
                skip = item.job.origin if item.job is not None else None
                await fan_out(chat, nodes=where, users=users, frame=encode_event(event), skip=skip)
        self._watch("fan-out")


def _mv(job: _Job, members: Members) -> int:
    """A membership change knows the version it makes; everybody else was checked under the one in the cache."""
    return int(job.draft.event["version"]) - 1 if job.sets_mv and job.draft.event else members.version


def _recipients(item: _Placed) -> tuple[int, ...]:
    """Those who are in, and whoever this very message brings in."""
    users = item.members.joined
    event = item.message.event
    subject = int(event["user"]) if event and event.get("user") else None
    return users if subject is None or subject in users else (*users, subject)
