"""What a sequencer that lost its counters begins with, made from the end of history."""

from collections.abc import Iterator
from uuid import NAMESPACE_OID, uuid5

import msgspec

from messaging.protocol.types import Message
from messaging.stores.log.cassandra import End

UNRELEASED_MAX = 256  # what may stand numbered above a head
WIDTH = 512

_VOID_DIGEST = "0" * 32


class Seed(msgspec.Struct, frozen=True):
    """Counters, the notes to finish, and the ids that are known: key (sender and client id) → message."""

    head: int
    next: int
    latest: int
    mv: int
    rev: int
    floor: int
    notes: list[Message]
    ids: dict[str, Message]


def plan(conversation: int, end: End, epoch: int) -> Seed:
    """Every seq above what was surely released is decided now, for good: a copy of its row in this epoch, which later rows of older epochs
    cannot win against, or a void where there is no row, or where the same send stands at a lower seq already, or where the row is of an
    older membership than a lower one. That one came late: in one life memberships only rise, so nobody was ever told of it.
    """
    # What is noted in history may lag: a late row of an earlier life, whose clock was ahead, may have put an old number over a new one.
    head = max(end.released or 0, end.top - UNRELEASED_MAX)
    by_seq = {message.seq: message for message in end.messages}
    ids: dict[str, Message] = {}
    notes: list[Message] = []
    mv = 0
    for seq in range(end.first, end.top + 1):
        message = by_seq.get(seq)
        key = id_key(message) if message is not None and message.kind != "void" else ""
        if seq > head:
            if message is None or key in ids or message.mv < mv:
                message, key = _void(conversation, seq, sent_at=end.latest, mv=mv), ""
            notes.append(msgspec.structs.replace(message, epoch=epoch))
        if message is not None:
            mv = max(mv, message.mv)
            if key:
                ids.setdefault(key, message)
    return Seed(
        head=min(head, end.top), next=end.top, latest=end.latest, mv=mv, rev=end.rev, floor=end.first - 1, notes=notes, ids=ids
    )


def id_key(message: Message) -> str:
    """What a client id is remembered under."""
    return f"{message.sender}:{message.client_id}"


def arguments(seed: Seed) -> Iterator[str | int | bytes]:
    """In the order that lua/seed.lua wants, from the head on."""
    yield from (seed.head, seed.next, seed.latest, seed.mv, seed.rev, seed.floor, len(seed.ids))
    for key, message in seed.ids.items():
        yield key
        yield f"{message.seq},{message.sent_at},{message.digest}"
    for note in seed.notes:
        yield note.seq
        yield encode_note(note)


def encode_note(message: Message) -> bytes:
    """A note as lua/allocate.lua writes it: time, membership version, and the message without its numbers."""
    return f"{message.sent_at},{message.mv},".encode() + encode_unnumbered(message)


def encode_unnumbered(message: Message) -> bytes:
    return msgspec.msgpack.encode(message)


def decode_note(note: bytes, *, seq: int, epoch: int) -> Message:
    sent_at, mv, message = note.split(b",", 2)
    unnumbered = msgspec.msgpack.decode(message, type=Message)
    return msgspec.structs.replace(unnumbered, seq=seq, sent_at=int(sent_at), mv=int(mv), epoch=epoch)


def _void(conversation: int, seq: int, *, sent_at: int, mv: int) -> Message:
    client_id = str(uuid5(NAMESPACE_OID, f"chatsite void {conversation} {seq}"))
    return Message(conversation, seq, 0, client_id, sent_at, "void", digest=_VOID_DIGEST, mv=mv)
