"""Takes notices back from devices when their messages were read on another one."""

import asyncio
from collections.abc import Iterable, Sequence

from channels.db import database_sync_to_async

from messaging.protocol.types import Mark
from messaging.services.chat import Chat
from messaging.services.push.badge import badges
from messaging.services.push.round import Pushing
from messaging.stores.shown.base import Shown
from notifications.protocol import Notice, Push
from notifications.services.subscriptions import note_outcomes, subscribers_of


class Withdrawals:
    """What was read on this node since somebody last asked."""

    def __init__(self) -> None:
        self._read: dict[tuple[int, int], int] = {}

    def add(self, marks: Iterable[Mark]) -> None:
        for mark in marks:
            if mark.read:
                key = (mark.user, mark.conversation)
                self._read[key] = max(mark.read, self._read.get(key, 0))

    async def take(self, chat: Chat) -> list[Shown]:
        """Notices whose messages were read. Raises Unavailable, and keeps what was read for the next time."""
        read, self._read = self._read, {}
        if not read:
            return []
        readers = list(read)
        try:
            found = await chat.shown.of(readers)
        except BaseException:
            self.add(Mark(conversation, user, read=seq) for (user, conversation), seq in read.items())
            raise
        return [
            Shown(user, conversation, device, seq)
            for (user, conversation), on_devices in zip(readers, found, strict=True)
            for device, seq in on_devices.items()
            if seq <= read[user, conversation]
        ]


async def withdraw(pushing: Pushing, notices: Sequence[Shown]) -> int:
    """Tells the devices. At most once: one that stays does no harm, and goes when somebody looks at it. Raises Unavailable.

    Devices that are connected hear of the read mark there, and see to it themselves.
    """
    chat = pushing.chat
    await chat.shown.take(notices)
    away = [one for one, is_there in zip(notices, await _have(chat, notices), strict=True) if not is_there]
    users = {one.user for one in away}
    if not users:
        return 0
    subscribers = await database_sync_to_async(subscribers_of)(users)
    unread = await badges(chat, users)
    by_device = {one.device: one for mine in subscribers.values() for one, _ in mine}
    pushes = [
        Push(by_device[one.device], Notice("read", one.conversation, one.seq, unread[one.user]))
        for one in away
        if one.device in by_device
    ]
    went = await asyncio.gather(*map(pushing.sender.send, pushes))
    await database_sync_to_async(note_outcomes)(went)
    return len(went)


async def _have(chat: Chat, notices: Sequence[Shown]) -> list[bool]:
    acknowledged = await asyncio.gather(*(chat.inbox.acknowledged([one.device], one.conversation) for one in notices))
    return [found[0] >= one.seq for found, one in zip(acknowledged, notices, strict=True)]
