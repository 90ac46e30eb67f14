"""What a device missed: the inbox's pointers after its cursor, each conversation once, with the messages that fit."""

import asyncio
from collections.abc import Iterable
from itertools import groupby

import msgspec

from chatsite.core.failpoints import is_planted
from messaging.protocol.events import Placed, PlacedMarks, Resync, Synced, Touched, view_marks, view_message
from messaging.protocol.types import Message
from messaging.services.chat import Chat
from messaging.services.history import CHARACTERS
from messaging.services.members import Members
from messaging.services.people import conversations_of
from messaging.services.receipts import list_marks
from messaging.services.stand import stands_of
from messaging.services.views import encode_conversation
from messaging.stores.inbox.base import Entry, Lost
from messaging.stores.log.base import PAGE_MAX
from messaging.stores.sequencer.base import Head

ENTRIES = 1_000
MESSAGES = 500


async def sync(chat: Chat, *, user: int, cursor: str, command_id: str | None = None) -> Synced | Resync:
    """The frame that answers `sync`, and follows `welcome` when `hello` came with a cursor.

    Where what numbers conversations has lost its state since, an acked message may be in no inbox: all of the user's conversations there are
    told, with their heads, so that the device can compare.
    """
    piece = await chat.inbox.read(user, cursor=cursor, limit=ENTRIES)
    if isinstance(piece, Lost):
        return Resync(id=command_id, cursor=piece.cursor, reason=piece.reason)
    if is_planted("time_cursor"):
        piece = msgspec.structs.replace(piece, entries=await _written_after(chat, piece.entries, cursor))
    by_conversation: dict[int, list[Entry]] = {}
    for entry in piece.entries:
        if entry.kind == "contacts":
            continue
        by_conversation.setdefault(entry.conversation, []).append(entry)
    if piece.renewed:
        for conversation in chat.sequencer.of_lanes(await conversations_of(user), piece.renewed):
            by_conversation.setdefault(conversation, [])
    stands = await stands_of(chat, by_conversation, user=user)
    conversations = list(stands)
    members = {conversation: members for conversation, (members, _) in stands.items()}
    heads = {conversation: head for conversation, (_, head) in stands.items()}
    tops = {conversation: members[conversation].last_seen_by(user, heads[conversation].seq) for conversation in conversations}
    marks = await chat.receipts.of_user(user, conversations)
    joined = [conversation for conversation in conversations if members[conversation].member(user).is_in]
    others = await asyncio.gather(*(list_marks(chat, reader=user, conversation=conversation) for conversation in joined))
    return Synced(
        id=command_id,
        cursor=piece.cursor,
        more=piece.more,
        conversations=[Touched(str(mark.conversation), tops[mark.conversation], mark.read) for mark in marks],
        changed=[
            encode_conversation(members[conversation], head=heads[conversation].seq, viewer=user)
            for conversation in conversations
            if any(entry.kind == "conversation" for entry in by_conversation[conversation])
        ],
        messages=[
            Placed(str(message.conversation), view_message(message))
            for message in await _gift(
                chat, user, {conversation: by_conversation[conversation] for conversation in conversations}, members, heads
            )
        ],
        receipts=[
            PlacedMarks(str(conversation), view_marks(placed)) for conversation, placed in zip(joined, others, strict=True)
        ],
        contacts=any(entry.kind == "contacts" for entry in piece.entries),
    )


async def _written_after(chat: Chat, entries: list[Entry], cursor: str) -> list[Entry]:
    """A bug that a test plants: what was written before the cursor's time, and spread after it, is never seen."""
    time = int(cursor.partition(".")[2].partition("-")[0])
    keys = [(entry.conversation, entry.seq) for entry in entries if entry.kind == "message"]
    written_at = {(message.conversation, message.seq): message.sent_at for message in await chat.log.pick(keys)}
    return [entry for entry in entries if written_at.get((entry.conversation, entry.seq), time + 1) > time]


async def _gift(
    chat: Chat, user: int, entries: dict[int, list[Entry]], members: dict[int, Members], heads: dict[int, Head]
) -> list[Message]:
    """The messages themselves, newest kept where not all fit; whoever lacks more pulls it by `history`."""
    seqs = {
        conversation: sorted(
            {entry.seq for entry in mine if entry.kind == "message" and members[conversation].sees(user, entry.seq)}
        )
        for conversation, mine in entries.items()
    }
    share = max(20, MESSAGES // max(1, len(seqs)))
    gift: list[Message] = []
    characters = 0
    for conversation, missed in seqs.items():
        for first, last in _runs(missed[-share:]):
            for message in await chat.log.page(
                conversation, first=max(first, last - PAGE_MAX + 1), last=last, rev=heads[conversation].rev
            ):
                characters += len(message.text)
                if len(gift) == MESSAGES or characters > CHARACTERS:
                    return gift
                gift.append(message)
    return gift


def _runs(seqs: Iterable[int]) -> list[tuple[int, int]]:
    """Consecutive numbers as (first, last)."""
    runs = []
    for _, group in groupby(enumerate(seqs), key=lambda pair: pair[1] - pair[0]):
        members = [seq for _, seq in group]
        runs.append((members[0], members[-1]))
    return runs
