"""After contacts, blocks or privacy changed: whom it concerns is told, and every process forgets what it knew of them."""

from collections.abc import Callable, Collection
from typing import Any

from channels.db import database_sync_to_async

from accounts.services.ties import changed_within
from chatsite.core.unbroken import unbroken
from messaging.protocol.events import ContactsEvent
from messaging.services.chat import Chat
from messaging.services.fanout import tell
from messaging.stores.inbox.base import Entry, Spread
from presence.services.online import Online

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
        await self._chat.inbox.spread([Spread(Entry("contacts", 0), tuple(concerned))])
        await tell(self._chat, tuple(concerned), ContactsEvent())

    async def follow(self) -> None:
        """What changed elsewhere, or on a page of settings; call it every second or two."""
        changed: dict[int, int] = await database_sync_to_async(changed_within)(WINDOW_SECONDS)
        news = {user for user, at in changed.items() if self._followed.get(user) != at}
        self._followed = changed
        if news:
            await self._forget(news)

    async def _forget(self, users: Collection[int]) -> None:
        self._chat.members.forget_people(users)
        await self._online.recheck(set(users))
