"""Claims due push checks and decides, by what devices acknowledged, which get a notice."""

import asyncio
import contextlib
from collections.abc import Sequence

from channels.db import database_sync_to_async

from accounts.services.activity import live_device_ids
from chatsite.core.clock import Clock, clock
from chatsite.core.errors import NotAMember, Unavailable
from messaging.protocol.types import count_visible
from messaging.services.chat import Chat
from messaging.services.stand import stand_of
from messaging.stores.inbox.base import PushCheck
from notifications.gateways.base import Notice
from notifications.services.push import Pusher

CLAIM_MAX = 500
VISIBILITY_MS = 30_000


async def push_due(chat: Chat, pusher: Pusher, *, clock: Clock = clock) -> int:
    """One round: claims due checks, pushes to devices that have not acknowledged the message, settles. Returns how many notices went."""
    checks = await chat.inbox.claim_push_checks(now=clock.now_ms(), limit=CLAIM_MAX, visibility_ms=VISIBILITY_MS)
    if not checks:
        return 0
    devices = await database_sync_to_async(live_device_ids)([check.user for check in checks])
    by_conversation: dict[int, list[PushCheck]] = {}
    for check in checks:
        by_conversation.setdefault(check.conversation, []).append(check)
    found = await asyncio.gather(*(_judge(chat, some, devices) for some in by_conversation.values()))
    notices = [notice for judged in found for _, mine in judged for notice in mine]
    await pusher.push(notices)
    await chat.inbox.settle_push_checks([check for judged in found for check, _ in judged])
    return len(notices)


async def _judge(chat: Chat, checks: Sequence[PushCheck], devices: dict[int, list[int]]) -> list[tuple[PushCheck, list[Notice]]]:
    """Of one conversation, one after the other: its members are looked up once. What cannot be said now is left out, and comes again."""
    judged = []
    for check in checks:
        with contextlib.suppress(Unavailable):
            judged.append((check, await _notices(chat, check, devices.get(check.user, []))))
    return judged


async def _notices(chat: Chat, check: PushCheck, devices: list[int]) -> list[Notice]:
    """One for each device that lacks the message, unless it was read anywhere, or its reader may no longer see it."""
    acknowledged = await chat.inbox.acknowledged(devices, check.conversation)
    lacking = [device for device, seq in zip(devices, acknowledged, strict=True) if seq < check.seq]
    if not lacking:  # so it is with most: ask no further
        return []
    try:
        members, head = await stand_of(chat, check.conversation, user=check.user)
    except NotAMember:
        return []
    (mark,) = await chat.receipts.of_user(check.user, [check.conversation])
    if mark.read >= check.seq or not members.sees(check.user, check.seq):
        return []
    unread = count_visible(members.member(check.user).spans, above=mark.read, upto=head.seq)
    return [Notice(device=device, conversation=check.conversation, seq=check.seq, badge=unread) for device in lacking]
