"""Whether this node can serve: what a load balancer asks before it sends anybody here."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from channels.db import database_sync_to_async
from django.db import DatabaseError, connection

from chatsite.core.errors import ChatsiteError, Unavailable
from messaging.services.chat import Chat

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 2.0
USERS = range(1, 9)  # nobody's ids; they lie on different shards


async def what_is_away(chat: Chat) -> list[str]:
    """The parts that do not answer in time; empty when all do."""
    parts: dict[str, Callable[[], Awaitable[object]]] = {
        "the database": database_sync_to_async(_ask_database),
        "the message log": lambda: chat.log.page(1, first=1, last=1),
        "the inboxes": lambda: _any_shard(chat),
    }
    answers = await asyncio.gather(*(_answers(ask) for ask in parts.values()))
    return [part for part, answered in zip(parts, answers, strict=True) if not answered]


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


async def _any_shard(chat: Chat) -> None:
    """One shard that is away is away for every node: turning people from all of them would help nobody."""
    failure: ChatsiteError = Unavailable()
    asking = [asyncio.ensure_future(chat.inbox.cursor(user)) for user in USERS]
    try:
        for answer in asyncio.as_completed(asking):
            try:
                await answer
            except ChatsiteError as error:
                failure = error
            else:
                return
        raise failure
    finally:
        for question in asking:
            question.cancel()
        await asyncio.gather(*asking, return_exceptions=True)


async def _answers(ask: Callable[[], Awaitable[object]]) -> bool:
    try:
        await asyncio.wait_for(ask(), PATIENCE_SECONDS)
    except (ChatsiteError, DatabaseError, OSError, TimeoutError) as error:
        logger.warning("not ready: %s: %s", type(error).__name__, error)
        return False
    return True
