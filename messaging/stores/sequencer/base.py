"""The port that numbers messages: a conversation's dense seqs, its head, and the sends it still owes."""

from collections.abc import Sequence
from typing import Protocol

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
    """Numbered; store it, then commit."""

    message: Message


class Pending(msgspec.Struct, frozen=True):
    """The same send is under way, or its sender died half way: store and commit `message` again."""

    message: Message


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


Outcome = New | Pending | Duplicate | Clash | MembersChanged | Check | Full


class Head(msgspec.Struct, frozen=True):
    """Where a conversation stands: the highest released seq (0: none), the number of its last change, when it was last active, and mv."""

    seq: int = 0
    rev: int = 0
    active_at: int = 0  # ms
    mv: int = 0


class Sequencer(Protocol):
    """Every method takes lists and answers in the same order; every step may be repeated by anyone at any time.

    Raises `chatsite.core.errors.Unavailable` when it cannot answer now.
    """

    epoch: int

    async def allocate(self, wishes: Sequence[Allocation]) -> list[Outcome]:
        """Numbers drafts. Within one call, earlier wishes come first: after a `Check`, its sender's later wishes there get one too.

        A seq that was given is never given to another draft.
        """
        ...

    async def commit(self, messages: Sequence[Message]) -> list[int]:
        """Marks stored messages; answers with their conversations' heads, which move over every consecutive stored seq."""
        ...

    async def heads(self, conversations: Sequence[int]) -> list[Head]:
        """Unknown conversations have `Head()`."""
        ...

    async def unreleased(self, conversation: int) -> list[Message]:
        """Numbered messages above the head: store and commit them again when they hold up later ones."""
        ...

    async def owed(self, limit: int) -> list[Message]:
        """Stored messages that were never `done`, oldest first: finish them by spread and fan-out."""
        ...

    async def done(self, messages: Sequence[Message]) -> None:
        """Every member's inbox has its entry: the notes may go."""
        ...
