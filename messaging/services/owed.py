"""Finishes what is owed: numbered messages that did not reach every inbox before their process, or a store, gave up."""

import logging

from django.db import DatabaseError

from chatsite.core.errors import NotAMember
from chatsite.core.failpoints import reach
from messaging.protocol.types import Message
from messaging.services.chat import Chat
from messaging.services.delivery import deliver, members_for_delivery
from messaging.services.jobs import Placed
from messaging.stores.log.base import NotStored
from messaging.stores.sequencer.base import PastDue

logger = logging.getLogger(__name__)

BATCH_MAX = 500


async def finish_owed(chat: Chat, *, whose: PastDue = "late") -> int:
    """Stores, commits, spreads and fans out what should have been done by now; with "all", what is on its way too. Returns how many.

    Anybody may, at the same time as anybody else. What stands above its head waits for what is below it.
    """
    finished = 0
    while owed := await chat.sequencer.owed(BATCH_MAX, whose):
        await reach("finish.claimed", conversation=(message.conversation for message in owed))
        done = await _finish(chat, owed)
        finished += done
        if not done:
            break
    return finished


async def _finish(chat: Chat, owed: list[Message]) -> int:
    try:
        await chat.log.store(owed)
    except NotStored as error:  # the others need not wait for these
        owed = [message for message in owed if message.conversation not in error.conversations]
    await reach("finish.stored", conversation=(message.conversation for message in owed))
    heads: dict[int, int] = {}
    for message, head in zip(owed, await chat.sequencer.commit(owed), strict=True):
        if head is not None:
            heads[message.conversation] = max(head, heads.get(message.conversation, 0))
    placed: list[Placed] = []
    orphans: list[Message] = []
    for message in owed:
        if message.seq > heads.get(message.conversation, 0):
            continue
        try:
            members = await chat.members.get(message.conversation)
        except NotAMember:  # the conversation was deleted
            orphans.append(message)
        except DatabaseError as error:
            logger.warning("a message in %d stays owed: %s", message.conversation, error)
        else:
            placed.append(Placed(None, message, members, is_repeat=True))
    placed = await members_for_delivery(chat, placed)
    done = [*orphans, *(await deliver(chat, placed, heads) if placed else [])]
    await chat.sequencer.done(done)
    return len(done)
