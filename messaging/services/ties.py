"""After contacts, blocks or privacy changed: whom it concerns is told, and every process forgets what it knew of them."""

import logging
from collections.abc import Callable, Collection
from typing import Any

from channels.db import database_sync_to_async

from accounts.services.ties import changed_within
from chatsite.core.clock import clock
from chatsite.core.errors import Unavailable
from chatsite.core.unbroken import unbroken
from messaging.protocol.events import ContactsEvent
from messaging.services.chat import Chat
from messaging.services.fanout import tell
from messaging.stores.inbox.base import Entry, Spread
from presence.services.online import Online

logger = logging.getLogger(__name__)

REPEATED_MS = 3_000
WINDOW_SECONDS = 60.0  # far longer than between two questions, and than clocks differ


class Ties:
    """One per node. Other processes learn within seconds of what changed here, by asking the relational store."""

    def __init__(self, chat: Chat, online: Online) -> None:
        self._chat = chat
        self._online = online
        self._followed: dict[int, int] = {}  # users whose change was followed → of when (ms) it was

    @unbroken
    async def change(self, change: Callable[..., Collection[int]], *arguments: Any, **options: Any) -> None:
        """Runs a change of `accounts.services.contacts` in a thread, and tells the devices of all it concerns. Raises what it raises."""
        concerned = await database_sync_to_async(change)(*arguments, **options)
        if not concerned:
            return
        await self._forget(concerned)
        try:
            await self._chat.inbox.spread([Spread(Entry("contacts", 0), tuple(concerned))])
            await tell(self._chat, tuple(concerned), ContactsEvent())
        except Unavailable as error:  # it is done, and holds: devices see it when they next read their contacts
            logger.warning("%d people are not told of a change of their contacts: %s", len(concerned), error)

    async def follow(self) -> None:
        """What changed elsewhere, or on a page of settings; call it every second or two."""
        changed: dict[int, int] = await database_sync_to_async(changed_within)(WINDOW_SECONDS)
        # Some times over: what was being read while it changed may be kept only after we forgot.
        lately = clock.now_ms() - REPEATED_MS
        news = {user for user, at in changed.items() if at > lately or self._followed.get(user) != at}
        if news:
            await self._forget(news)
        self._followed = changed

    async def _forget(self, users: Collection[int]) -> None:
        self._chat.members.forget_people(users)
        await self._online.recheck(set(users))
