"""Claims due push checks and decides, by what devices acknowledged, which get a notice."""

import asyncio

from channels.db import database_sync_to_async

from accounts.services.activity import live_device_ids
from chatsite.core.clock import Clock, clock
from chatsite.core.errors import NotAMember, Unavailable
from messaging.protocol.types import count_visible
from messaging.services.chat import Chat
from messaging.services.members import Members
from messaging.stores.sequencer.base import Head, PushCheck
from notifications.gateways.base import Notice
from notifications.services.push import Pusher

CLAIM_MAX = 100
VISIBILITY_MS = 30_000


async def push_due(chat: Chat, pusher: Pusher, *, clock: Clock = clock) -> int:
    """One round: claims due checks, pushes to devices that have not acknowledged the message, settles. Returns how many notices went.

    What cannot be said now, because a part is away, is left out and comes again.
    """
    checks = await chat.sequencer.claim_push_checks(now=clock.now_ms(), limit=CLAIM_MAX, visibility_ms=VISIBILITY_MS)
    if not checks:
        return 0
    stands = await asyncio.gather(*(_stand(chat, check) for check in checks), return_exceptions=True)
    readers = {user for stand in stands if isinstance(stand, tuple) for user in stand[0].joined}
    devices = await database_sync_to_async(live_device_ids)(readers) if readers else {}
    judged = await asyncio.gather(
        *(_judge(chat, *pair, devices) for pair in zip(checks, stands, strict=True)), return_exceptions=True
    )
    settled, notices = [], []
    for check, found in zip(checks, judged, strict=True):
        if isinstance(found, list):
            settled.append(check)
            notices += found
        elif not isinstance(found, Unavailable):
            raise found
    await pusher.push(notices)
    await chat.sequencer.settle_push_checks(settled)
    return len(notices)


async def _stand(chat: Chat, check: PushCheck) -> tuple[Members, Head]:
    (head,) = await chat.sequencer.heads([check.conversation])
    members = await chat.members.get(check.conversation)
    return (members if members.version >= head.mv else await chat.members.reload(check.conversation)), head


async def _judge(
    chat: Chat, check: PushCheck, stand: tuple[Members, Head] | BaseException, devices: dict[int, list[int]]
) -> list[Notice]:
    """A notice for each device that lacks the message, unless it was read anywhere, or its reader may not see it. Raises Unavailable."""
    if isinstance(stand, NotAMember):  # the conversation was deleted
        return []
    if isinstance(stand, BaseException):
        raise stand
    members, head = stand
    theirs = [(user, device) for user in members.joined for device in devices.get(user, ())]
    acknowledged = await chat.inbox.acknowledged([device for _, device in theirs], check.conversation)
    lacking = [pair for pair, seq in zip(theirs, acknowledged, strict=True) if seq < check.seq]
    if not lacking:  # so it is with most: ask no further
        return []
    read = {mark.user: mark.read for mark in await chat.receipts.of_conversation(check.conversation)}
    notices = []
    for user, device in lacking:
        seen = read.get(user, 0)
        if seen < check.seq and members.sees(user, check.seq):
            unread = count_visible(members.member(user).spans, above=seen, upto=head.seq)
            notices.append(Notice(device=device, conversation=check.conversation, seq=check.seq, badge=unread))
    return notices
