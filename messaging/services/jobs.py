"""What travels on the message road: sends that wait for their answer, and numbered messages on their way to everybody."""

import asyncio
from itertools import count

import msgspec

from chatsite.core.errors import ChatsiteError
from messaging.protocol.types import Draft, Message, Sent, subjects_of
from messaging.services.members import Members
from messaging.stores.sequencer.base import Check

_numbers = count()


class Job:
    """One send on its way. `suspicion`: it may be a repetition that only the log remembers; `checked`: it is none, the log was searched.

    `number` tells which came first.
    """

    __slots__ = ("checked", "digest", "draft", "future", "number", "origin", "sets_mv", "suspicion", "tries")

    def __init__(self, draft: Draft, *, origin: object = None, sets_mv: bool = False) -> None:
        self.number = next(_numbers)
        self.draft = draft
        self.digest = draft.digest
        self.origin = origin
        self.sets_mv = sets_mv
        self.suspicion: Check | None = None
        self.checked = sets_mv  # a change of version n is new while the version is n - 1: nothing else can have taken it there
        self.tries = 0
        self.future: asyncio.Future[Sent] = asyncio.get_running_loop().create_future()

    def answer(self, seq: int, sent_at: int, *, duplicate: bool) -> None:
        if not self.future.done():
            draft = self.draft
            self.future.set_result(Sent(draft.conversation, draft.client_id, seq, sent_at, duplicate))

    def refuse(self, error: ChatsiteError) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class Placed(msgspec.Struct, frozen=True):
    """A numbered message, the job that wants it, and who is to have it. `released`: how far its conversation was when it was numbered."""

    job: Job | None
    message: Message
    members: Members
    is_repeat: bool = False
    released: int = 0

    @property
    def key(self) -> tuple[int, int]:
        return self.message.conversation, self.message.seq

    @property
    def recipients(self) -> tuple[int, ...]:
        """Those who see it, by the members of its own time: who came or went later does not matter. And whoever it brings in."""
        members, message = self.members, self.message
        if members.version == message.mv and message.event is None:
            return members.joined
        users = tuple(user for user in members.by_user if members.sees(user, message.seq))
        newcomers = [user for user in subjects_of(message.event or {}) if user not in users]
        return (*users, *newcomers)
