"""After a node may have missed packets, its devices compare: each is told where its inbox ends, and syncs if it is behind."""

import asyncio
import logging
import random

from chatsite.core.errors import ChatsiteError, Unavailable
from messaging.protocol.events import HeartbeatEvent, encode_event
from messaging.services.chat import Chat

logger = logging.getLogger(__name__)

SPREAD_SECONDS = 4.0  # over which devices are told, so that not all of them sync at once
USERS_AT_ONCE = 50


class Gaps:
    """Give `compare_soon` to the layer's `on_gap`. Lives on the node's loop."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._task: asyncio.Task[None] | None = None
        self._again = False

    def compare_soon(self) -> None:
        """Begins to tell all devices; when it is doing so already, begins once more after that."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._compare())
        else:
            self._again = True

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _compare(self) -> None:
        while True:
            self._again = False
            await tell_cursors(self._chat)
            if not self._again:
                return


async def tell_cursors(chat: Chat) -> None:
    """Sends every socket of this node an unasked `heartbeat` with the inbox's present position, over `SPREAD_SECONDS`."""
    try:
        await chat.inbox.refresh(fully=True)
    except Unavailable as error:  # those whose shard is away learn it with a later heartbeat of their own
        logger.warning("not every inbox could be asked where it ends: %s", error)
    users = chat.hub.users()
    random.shuffle(users)
    pause = SPREAD_SECONDS * USERS_AT_ONCE / max(len(users), 1)
    for start in range(0, len(users), USERS_AT_ONCE):
        await asyncio.gather(*(_tell_cursor(chat, user) for user in users[start : start + USERS_AT_ONCE]))
        await asyncio.sleep(min(pause, SPREAD_SECONDS) if start + USERS_AT_ONCE < len(users) else 0)


async def _tell_cursor(chat: Chat, user: int) -> None:
    try:
        cursor = await chat.inbox.cursor(user)
    except ChatsiteError:
        return
    chat.hub.deliver([user], encode_event(HeartbeatEvent(None, cursor)))
