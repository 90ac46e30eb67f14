"""The port of the inbox: for every user, pointers to what their devices have yet to see. Pointers, never the truth."""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

EntryKind = Literal["message", "conversation", "read", "contacts"]


class Entry(msgspec.Struct, frozen=True):
    """Something happened in `conversation`: a message `seq`, a change of the conversation, or the user's own read mark.

    "contacts" is in no conversation (0): somebody became, or is no more, a contact, asked, or was blocked.
    """

    kind: EntryKind
    conversation: int
    seq: int = 0


class Spread(msgspec.Struct, frozen=True):
    """One entry for many inboxes."""

    entry: Entry
    users: tuple[int, ...]


class Reach(msgspec.Struct, frozen=True):
    """What became of a spread: the nodes that hold sockets of its users; not `complete` when some inboxes could not be reached."""

    nodes: tuple[str, ...]
    complete: bool = True


class Slice(msgspec.Struct, frozen=True):
    """What a user missed: entries in the order of their positions, the cursor after them, and whether there is more.

    `renewed` are lanes (`Sequencer.lane_of`) that lost what they owed since the cursor: conversations there are to be compared.
    """

    entries: list[Entry]
    cursor: str
    more: bool
    renewed: tuple[int, ...] = ()


class Lost(msgspec.Struct, frozen=True):
    """The cursor is of another life, or was trimmed: the device must compare all its conversations, then keep `cursor`."""

    cursor: str
    reason: Literal["epoch", "trimmed", "unknown"]


class Acknowledgement(msgspec.Struct, frozen=True):
    """A device has everything of `conversation` up to `seq`."""

    device: int
    conversation: int
    seq: int


class Inbox(Protocol):
    """Duplicates and any order of entries are harmless to readers. Raises `chatsite.core.errors.Unavailable`."""

    async def close(self) -> None: ...

    async def spread(self, spreads: Sequence[Spread]) -> list[Reach]:
        """Appends each entry to its users' inboxes; answers, for each, with the nodes that hold sockets of those users.

        Inboxes that cannot be reached do not keep the others from theirs.
        """
        ...

    async def register(self, user: int, node: str) -> None:
        """From now on `spread` names `node` for this user. Done before the first `read` of a connecting device."""
        ...

    async def unregister(self, user: int, node: str) -> None:
        """Not a promise: where it cannot be done, the node is named for some minutes more, and gets packets for nobody."""
        ...

    async def refresh(self, *, fully: bool = False) -> None:
        """Repeats the registrations of this process, and looks anew where those inboxes end: twice a minute, after a loss, or `fully` now.

        To be called every second or so: mostly there is nothing to do. Raises Unavailable when some could not be asked.
        """
        ...

    async def nodes_of(self, users: Sequence[int]) -> tuple[str, ...]:
        """The nodes that hold sockets of these users, as far as is known; for what is told but not kept (typing, receipts)."""
        ...

    async def cursor(self, user: int) -> str:
        """The cursor of somebody who has seen everything. Answered from memory for a registered user."""
        ...

    def known_cursor(self, user: int) -> str | None:
        """The same without waiting; None when it has to be asked for."""
        ...

    async def read(self, user: int, *, cursor: str, limit: int) -> Slice | Lost:
        """The entries after `cursor`, at most `limit`."""
        ...

    async def acknowledge(self, acknowledgements: Sequence[Acknowledgement]) -> None:
        """Remembers, by maximum, what each device has; may be forgotten after a day."""
        ...

    async def acknowledged(self, devices: Sequence[int], conversation: int) -> list[int]:
        """The highest seq each device acknowledged there; 0 when it never did."""
        ...

    async def trim(self, *, keep_entries: int, keep_after: int) -> None:
        """Forgets entries beyond `keep_entries` a user and those older than `keep_after` (ms)."""
        ...
