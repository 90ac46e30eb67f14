"""The steps that follow a message's release: into every member's inbox, and to the sockets of those who are connected."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

import msgspec
from django.db import DatabaseError

from chatsite.core.errors import NotAMember, Unavailable
from chatsite.core.failpoints import reach
from messaging.protocol.events import MessageEvent, encode_event, view_message
from messaging.protocol.types import Mark, Message
from messaging.services.chat import Chat
from messaging.services.fanout import fan_out
from messaging.services.jobs import Placed
from messaging.services.members import Members
from messaging.stores.inbox.base import Entry, Spread

logger = logging.getLogger(__name__)

Watch = Callable[[str], None]


async def members_for_delivery(chat: Chat, placed: Sequence[Placed]) -> list[Placed]:
    """With members of the messages' own times, or later ones: by older ones, whoever came would be left out, and whoever went be told.
    What cannot be looked up is left out, and stays owed.
    """
    recent: list[Placed] = []
    for item in placed:
        if not _is_older(item.members, item.message):
            recent.append(item)
            continue
        try:
            recent.append(msgspec.structs.replace(item, members=await chat.members.reload(item.message.conversation)))
        except (NotAMember, DatabaseError) as error:
            logger.warning("a message in %d is owed: %s", item.message.conversation, error)
    return recent


def _is_older(members: Members, message: Message) -> bool:
    """A membership change itself is told by the members before it."""
    return members.version < message.mv - (message.event is not None)


async def deliver(
    chat: Chat, placed: Sequence[Placed], heads: Mapping[int, int], *, watch: Watch = lambda step: None
) -> list[Message]:
    """Spreads and fans out released messages; `heads` are their conversations'. Answers with those that are done: what some inbox, or
    its sender's mark, lacks stays owed. Raises Unavailable when nothing is known; it may be repeated in any case.
    """
    users = [item.recipients for item in placed]
    spreads = [
        Spread(Entry("message", item.message.conversation, item.message.seq), some)
        for item, some in zip(placed, users, strict=True)
    ]
    reaches, are_marked = await asyncio.gather(chat.inbox.spread(spreads), _mark_senders(chat, placed))
    watch("spread")
    await reach("send.spread", conversation=(item.message.conversation for item in placed))
    for item, some, reached in zip(placed, users, reaches, strict=True):
        if reached.nodes:
            conversation = item.message.conversation
            event = MessageEvent(str(conversation), heads[conversation], view_message(item.message))
            skip = item.job.origin if item.job is not None else None
            await fan_out(chat, nodes=reached.nodes, users=some, frame=encode_event(event), skip=skip)
    watch("fan-out")
    await reach("send.fanned_out", conversation=(item.message.conversation for item in placed))
    return [item.message for item, reached in zip(placed, reaches, strict=True) if reached.complete and are_marked]


async def _mark_senders(chat: Chat, placed: Sequence[Placed]) -> bool:
    """Who says something has read what is before it. That this cannot be noted now keeps nobody from hearing it."""
    messages = [item.message for item in placed if item.message.sender]
    try:
        await chat.receipts.mark([Mark(message.conversation, message.sender, read=message.seq) for message in messages])
    except Unavailable:
        logger.warning("the marks of %d senders are owed", len(messages))
        return False
    return True
