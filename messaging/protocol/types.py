"""The domain's own types, as services and stores hand them to each other. Ids are ints here and strings on the wire."""

import hashlib
from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec

Kind = Literal["text", "event", "void"]
EventBody = dict[str, Any]


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """One row of a conversation. `mv` is the membership version it was allocated under, `epoch` the sequencer's life it was allocated in."""

    conversation: int
    seq: int
    sender: int
    client_id: str  # a UUID in canonical form
    sent_at: int  # ms
    kind: Kind
    text: str = ""
    event: EventBody | None = None
    digest: str = ""
    reply_to: int | None = None
    mentions: tuple[int, ...] = ()
    mv: int = 0
    epoch: int = 1
    version: int = 1  # edits counted from 1
    edited_at: int | None = None
    redacted_at: int | None = None


def subjects_of(event: EventBody) -> list[int]:
    """Whose places a change of membership is about: that of one `user`, or of several `users`."""
    return [int(user) for user in event.get("users", [event["user"]] if "user" in event else [])]


class Draft(msgspec.Struct, frozen=True):
    """A message that has no seq yet. `after` is the head its device knew; None when it did not say."""

    conversation: int
    sender: int
    client_id: str
    kind: Kind
    text: str = ""
    event: EventBody | None = None
    reply_to: int | None = None
    mentions: tuple[int, ...] = ()
    after: int | None = None

    @property
    def digest(self) -> str:
        """Tells whether a repeated client id carries the same body: 128 bits of BLAKE2b over all that the sender chose."""
        body = msgspec.json.encode((self.kind, self.text, self.event, self.reply_to, self.mentions), order="deterministic")
        return hashlib.blake2b(body, digest_size=16).hexdigest()

    def numbered(self, seq: int, *, sent_at: int, mv: int, epoch: int, digest: str) -> Message:
        """The message this draft becomes."""
        return Message(
            conversation=self.conversation, seq=seq, sender=self.sender, client_id=self.client_id, sent_at=sent_at, kind=self.kind,
            text=self.text, event=self.event, digest=digest, reply_to=self.reply_to, mentions=self.mentions, mv=mv, epoch=epoch,
        )  # fmt: skip


class Sent(msgspec.Struct, frozen=True):
    """What a sender is told."""

    conversation: int
    client_id: str
    seq: int
    sent_at: int
    duplicate: bool = False


class Mark(msgspec.Struct, frozen=True):
    """How far one user has received and read a conversation."""

    conversation: int
    user: int
    read: int = 0
    delivered: int = 0


Span = tuple[int, int | None]  # first and last seq, the last None while it is open


def visible(spans: Sequence[Span], seq: int) -> bool:
    """Whether somebody with these spans sees this seq."""
    return any(first <= seq and (last is None or seq <= last) for first, last in spans)


def last_visible(spans: Sequence[Span], head: int) -> int:
    """The highest seq up to `head` that somebody with these spans sees; 0 for none."""
    return max((head if last is None else min(last, head) for first, last in spans if first <= head), default=0)


def count_visible(spans: Sequence[Span], *, above: int, upto: int) -> int:
    """How many seqs in (above, upto] they see: the unread count."""
    return sum(max(0, min(upto, upto if last is None else last) - max(above, first - 1)) for first, last in spans)


def canonical_uuid(text: str) -> str:
    """Raises ValueError for anything that is not a UUID of version 4 or 7 in its usual hyphenated form.

    Version 5 is the server's own, for membership changes: whoever could take such an id would keep that change from happening.
    """
    uuid = UUID(text)
    if uuid.version not in {4, 7} or str(uuid) != text.lower():
        raise ValueError("not a hyphenated UUID of version 4 or 7")
    return str(uuid)
