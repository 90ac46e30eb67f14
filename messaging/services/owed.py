"""Finishes what is owed: stored messages that did not reach every inbox before their process, or their store, gave up."""

from collections.abc import Sequence

from chatsite.core.errors import NotAMember
from messaging.protocol.types import Message
from messaging.services.chat import Chat
from messaging.stores.inbox.base import Entry, Spread

BATCH_MAX = 500


async def finish_owed(chat: Chat) -> int:
    """Puts stored messages whose spread was not finished into their members' inboxes: after a start, or when the road `owes`.

    Returns how many. What stands above its head waits for the send that releases it.
    """
    finished = 0
    while owed := await _released(chat, await chat.sequencer.owed(BATCH_MAX)):
        spreads = []
        for message in owed:
            try:
                members = await chat.members.get(message.conversation)
            except NotAMember:  # the conversation was deleted
                continue
            users = tuple(user for user in members.by_user if members.sees(user, message.seq))
            entry = Entry("message", message.conversation, message.seq, message.sender, message.kind == "text")
            spreads.append(Spread(entry, users))
        await chat.inbox.spread(spreads)
        await chat.sequencer.done(owed)
        finished += len(owed)
    return finished


async def _released(chat: Chat, messages: Sequence[Message]) -> list[Message]:
    heads = await chat.sequencer.heads([message.conversation for message in messages])
    return [message for message, head in zip(messages, heads, strict=True) if message.seq <= head.seq]
