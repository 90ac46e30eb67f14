"""The port that numbers messages: a conversation's dense seqs, its head, and what is still owed: sends, and looks at who saw them."""

from collections.abc import Collection, Iterable, Sequence
from typing import Literal, Protocol

import msgspec

from messaging.protocol.types import Draft, Message


class Allocation(msgspec.Struct, frozen=True):
    """A wish for a seq. `mv` is the membership version the sender was checked under; `sets_mv` moves it one up (a membership change).

    `checked` says that the log was searched for the client id, as a `Check` asked.
    """

    draft: Draft
    digest: str
    mv: int
    sets_mv: bool = False
    checked: bool = False


class New(msgspec.Struct, frozen=True):
    """Numbered; store it, then commit. `released` is the head at that moment, for `MessageLog.store`."""

    message: Message
    released: int = 0


class Pending(msgspec.Struct, frozen=True):
    """The same send is under way, or its sender died half way: store and commit `message` again."""

    message: Message
    released: int = 0


class Duplicate(msgspec.Struct, frozen=True):
    """Sent before; acknowledge it."""

    seq: int
    sent_at: int


class Clash(msgspec.Struct, frozen=True):
    """The client id stands with another body."""


class MembersChanged(msgspec.Struct, frozen=True):
    """The membership version differs from `mv`: reload, check and try again."""

    mv: int


class Check(msgspec.Struct, frozen=True):
    """The id may be older than what is remembered: look in the log in (after, floor], then ask again, `checked`."""

    after: int
    floor: int


class Full(msgspec.Struct, frozen=True):
    """Too many sends under way in this conversation."""

    retry_after_seconds: float


class Unreachable(msgspec.Struct, frozen=True):
    """Where this conversation is numbered cannot be asked now; the others of the call have their answers."""


Outcome = New | Pending | Duplicate | Clash | MembersChanged | Check | Full | Unreachable


PastDue = Literal["late", "all"]
# When a numbered message is late. Longer than a send takes on a busy machine: sooner, repairs would add to what there is too much of.
LATE_MS = 4_000
PUSH_DELAY_MS = 3_000  # a device that is connected has a message, and says so, well before


class Head(msgspec.Struct, frozen=True):
    """Where a conversation stands: the highest released seq (0: none), the number of its last change, when it was last active, and mv."""

    seq: int = 0
    rev: int = 0
    active_at: int = 0  # ms
    mv: int = 0


class PushCheck(msgspec.Struct, frozen=True):
    """Somebody in `conversation` may not have seen a message up to `seq` yet: look at `due_at` (ms)."""

    conversation: int
    seq: int
    due_at: int


class Sequencer(Protocol):
    """Every method takes lists and answers in the same order; every step may be repeated by anyone at any time.

    Raises `chatsite.core.errors.Unavailable` when it cannot answer now.
    """

    @property
    def epoch(self) -> int:
        """The highest of all lives of what numbers conversations; 1 where there is but one."""
        ...

    async def close(self) -> None: ...

    def lane_of(self, conversation: int) -> int:
        """Conversations of different lanes are numbered in different places: one that is slow should not hold up the others."""
        ...

    def of_lanes(self, conversations: Iterable[int], lanes: Collection[int]) -> list[int]:
        """Those of `conversations` whose lane is one of `lanes`."""
        ...

    async def allocate(self, wishes: Sequence[Allocation]) -> list[Outcome]:
        """Numbers drafts. Within one call, earlier wishes come first: after a `Check`, its sender's later wishes there get one too.

        A seq that was given is never given to another draft, within an epoch.
        """
        ...

    async def commit(self, messages: Sequence[Message]) -> list[int | None]:
        """Marks stored messages; answers with their conversations' heads, which move over every consecutive stored seq.

        A text that is released sets a push check; of several of one conversation the first decides when it is due.

        None: it is not known, or may not be acknowledged. Whoever waits for it runs the whole send again.
        """
        ...

    async def heads(self, conversations: Sequence[int]) -> list[Head]:
        """Unknown conversations have `Head()`. Raises Unavailable when they may not be told: what is read up to them is final."""
        ...

    async def unreleased(self, conversation: int) -> list[Message]:
        """Numbered messages above the head: store and commit them again when they hold up later ones."""
        ...

    async def owed(self, limit: int, whose: PastDue = "late") -> list[Message]:
        """Messages that should have been `done` by now, oldest first: finish them by store, commit, spread and fan-out.

        "all" are also those that may still be on their way: for a process that has just started and is the only one. Where several
        processes share the work, each message is given to one of them, and again after a while if it is still not done; "all" is "late".
        """
        ...

    async def done(self, messages: Sequence[Message]) -> None:
        """Every member's inbox has its entry: the notes may go."""
        ...

    async def claim_push_checks(self, *, now: int, limit: int, visibility_ms: int) -> list[PushCheck]:
        """Due checks, at most `limit` of each place where conversations are numbered, which come again after `visibility_ms` unless settled.

        An adapter with a clock of its own goes by that, not by `now`.
        """
        ...

    async def settle_push_checks(self, checks: Sequence[PushCheck]) -> None:
        """Looked at; a check of a conversation in which something was said meanwhile stays."""
        ...

    async def postpone_push_checks(self, checks: Sequence[PushCheck]) -> None:
        """To be looked at again at `due_at`, unless something was said meanwhile: then it has a time of its own."""
        ...
