"""The port to history: messages by (conversation, seq), for ever."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import msgspec

from chatsite.core.errors import Unavailable
from messaging.protocol.types import Message

PAGE_MAX = 100
NOTHING: Mapping[int, int] = MappingProxyType({})


class NotStored(Unavailable):
    """Messages of these conversations could not be stored, or it is not known; those of all others were."""

    def __init__(self, conversations: frozenset[int]) -> None:
        super().__init__("History cannot be written now", retry_after=1)
        self.conversations = conversations


class Wanted(msgspec.Struct, frozen=True):
    """A send that may have been stored before, somewhere in (after, upto]; what is older than `since` (ms) need not be found."""

    conversation: int
    sender: int
    client_id: str
    after: int
    upto: int
    since: int = 0


class Change(msgspec.Struct, frozen=True):
    """One change of a conversation's past: `rev` is dense within the conversation."""

    conversation: int
    rev: int
    kind: str  # "redact"
    seq: int
    author: int
    at: int  # ms


class MessageLog(Protocol):
    """Keeps what was said. Raises `chatsite.core.errors.Unavailable` when it cannot; then the outcome is unknown and may be repeated."""

    async def close(self) -> None: ...

    async def store(self, messages: Sequence[Message], *, released: Mapping[int, int] = NOTHING) -> None:
        """Returns when all are on disk. Storing the same (conversation, seq, epoch, client id) again changes nothing.
        Raises NotStored where it can tell which are.

        `released` says of conversations how far they were released when these were numbered: kept where a sequencer can be lost, so that
        little has to be done again.
        """
        ...

    async def page(self, conversation: int, *, first: int, last: int, rev: int = 0) -> list[Message]:
        """Messages with first <= seq <= last, ascending, at most PAGE_MAX counted from `last` down. Callers never ask above the head.

        `rev` is the conversation's last change as far as the caller knows: what was kept in memory under another one is read anew.
        """
        ...

    async def pick(self, keys: Sequence[tuple[int, int]]) -> list[Message]:
        """The messages of these (conversation, seq) that exist, in the order of the keys; for previews."""
        ...

    async def find(self, wanted: Sequence[Wanted]) -> list[Message | None]:
        """The message each wanted send became, if it is there."""
        ...

    async def redact(self, conversation: int, seq: int, *, rev: int, author: int, at: int) -> None:
        """Blanks a message's text for good and records the change `rev`. Repeating it changes nothing; nothing later brings the text back."""
        ...

    async def changes(self, conversation: int, *, above: int, limit: int) -> list[Change]:
        """Changes with rev > above, ascending."""
        ...
