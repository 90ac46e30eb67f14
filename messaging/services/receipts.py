"""Marks what people have received and read, and tells those whom it concerns; groups are told once a second."""

import contextlib
from collections.abc import Callable, Iterable, Mapping

from chatsite.core.errors import NotAMember
from messaging.protocol.events import ReceiptEvent, view_marks
from messaging.protocol.types import Mark
from messaging.services.chat import Chat
from messaging.services.fanout import tell
from messaging.services.members import Members
from messaging.services.people import conversations_with_a_place
from messaging.services.stand import members_for, stand_of
from messaging.stores.inbox.base import Acknowledgement, Entry, Spread


class ReceiptBuffer:
    """Marks that moved since the last `flush`, by maximum."""

    def __init__(self) -> None:
        self._moved: dict[int, dict[int, Mark]] = {}

    def add(self, mark: Mark) -> None:
        self._moved.setdefault(mark.conversation, {})[mark.user] = mark

    def take(self) -> dict[int, dict[int, Mark]]:
        moved, self._moved = self._moved, {}
        return moved

    def give_back(self, moved: Mapping[int, Mapping[int, Mark]]) -> None:
        """What was taken and could not be told; what moved on meanwhile stays."""
        for conversation, marks in moved.items():
            self._moved[conversation] = {**marks, **self._moved.get(conversation, {})}


async def mark_read(
    chat: Chat, buffer: ReceiptBuffer, *, reader: int, device: int, conversation: int, upto: int, skip: object = None
) -> None:
    """The reader has read up to a seq; a seq from the future counts as the head. Raises NotAMember."""
    members, head = await stand_of(chat, conversation, user=reader)
    seq = members.last_seen_by(reader, min(upto, head.seq))
    await _mark(chat, buffer, members, Mark(conversation, reader, read=seq, delivered=seq), device=device, skip=skip)


async def mark_delivered(
    chat: Chat, buffer: ReceiptBuffer, *, receiver: int, device: int, conversation: int, upto: int, skip: object = None
) -> None:
    """A device of the receiver holds everything up to a seq. Raises NotAMember."""
    members, head = await stand_of(chat, conversation, user=receiver)
    seq = members.last_seen_by(receiver, min(upto, head.seq))
    await _mark(chat, buffer, members, Mark(conversation, receiver, delivered=seq), device=device, skip=skip)


async def repeat_reads(
    chat: Chat, buffer: ReceiptBuffer, *, reader: int, device: int, reads: Mapping[int, int], skip: object
) -> None:
    """What `hello` says again; marks of conversations that are not theirs are passed over, and cost no question each."""
    theirs = await conversations_with_a_place(reader, reads) if reads else set()
    for conversation, seq in reads.items():
        if conversation not in theirs:
            continue
        with contextlib.suppress(NotAMember):
            await mark_read(chat, buffer, reader=reader, device=device, conversation=conversation, upto=seq, skip=skip)


async def list_marks(chat: Chat, *, reader: int, conversation: int) -> list[Mark]:
    """Everybody's marks, those of people who are in. Raises NotAMember."""
    members = await members_for(chat, conversation, user=reader)
    members.joined_member(reader)
    marks = await chat.receipts.of_conversation(conversation)
    return [mark for mark in marks if _is_in(members, mark.user) and not members.hides(reader, mark.user)]


async def flush_receipts(chat: Chat, buffer: ReceiptBuffer, told: Callable[[Iterable[Mark]], None] = lambda _: None) -> None:
    """Every second: tells groups of those who are in, and leaves each reader's own mark in their inbox for devices that are away.

    `told` is given the marks that moved, once they were told.
    """
    moved = buffer.take()
    try:
        await _tell_groups(chat, moved)
        spreads = [
            Spread(Entry("read", conversation, mark.read), (mark.user,))
            for conversation, marks in moved.items()
            for mark in marks.values()
            if mark.read
        ]
        if spreads:
            await chat.inbox.spread(spreads)
    except Exception:
        buffer.give_back(moved)
        raise
    told(mark for marks in moved.values() for mark in marks.values())
    await chat.receipts.flush()


async def _tell_groups(chat: Chat, moved: Mapping[int, Mapping[int, Mark]]) -> None:
    for conversation, marks in moved.items():
        try:
            members = await chat.members.get(conversation)
        except NotAMember:  # the conversation is gone
            continue
        present = [mark for mark in marks.values() if _is_in(members, mark.user)]
        if members.kind == "group" and present:
            await tell(chat, [user for user in members.joined if user not in members.apart], _event(conversation, present))
            await _tell_apart(chat, members, present)


async def _tell_apart(chat: Chat, members: Members, marks: list[Mark]) -> None:
    """Those of a group whom a block concerns, each what they may know."""
    for user in members.apart:
        seen = [mark for mark in marks if not members.hides(user, mark.user)]
        if seen and _is_in(members, user):
            await tell(chat, (user,), _event(members.conversation, seen))


async def _mark(chat: Chat, buffer: ReceiptBuffer, members: Members, mark: Mark, *, device: int, skip: object) -> None:
    await chat.inbox.acknowledge([Acknowledgement(device, mark.conversation, mark.delivered)])
    for moved in await chat.receipts.mark([mark]):
        buffer.add(moved)
        if members.kind == "direct":
            told = [user for user in members.joined if not members.hides(user, moved.user)]
            await tell(chat, told, _event(moved.conversation, [moved]), skip=skip)
        elif mark.read:  # unread counts on one's own devices do not wait for the second
            await tell(chat, (moved.user,), _event(moved.conversation, [moved]), skip=skip)


def _is_in(members: Members, user: int) -> bool:
    return user in members.by_user and members.by_user[user].is_in


def _event(conversation: int, marks: Iterable[Mark]) -> ReceiptEvent:
    return ReceiptEvent(str(conversation), view_marks(marks))
