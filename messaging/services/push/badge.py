"""How much somebody has not read, in all: the number on the app's icon."""

import asyncio
from collections.abc import Collection, Sequence

from channels.db import database_sync_to_async

from messaging.models import Membership
from messaging.protocol.types import Span, count_visible
from messaging.services.chat import Chat
from notifications.services.preferences import silenced

BADGE_MAX = 9_999
_Places = dict[int, dict[int, Sequence[Span]]]  # user → conversation → spans


async def badges(chat: Chat, users: Collection[int]) -> dict[int, int]:
    """Unread messages of each, without conversations they silenced. Raises Unavailable."""
    places: _Places = await database_sync_to_async(_places)(users)
    conversations = list({conversation for mine in places.values() for conversation in mine})
    heads = dict(zip(conversations, await chat.sequencer.heads(conversations), strict=True))

    async def count(user: int) -> int:
        mine = places.get(user, {})
        marks = await chat.receipts.of_user(user, list(mine))
        unread = sum(count_visible(mine[mark.conversation], above=mark.read, upto=heads[mark.conversation].seq) for mark in marks)
        return min(unread, BADGE_MAX)

    return dict(zip(users, await asyncio.gather(*map(count, users)), strict=True))


def _places(users: Collection[int]) -> _Places:
    quiet = silenced(users)
    places: _Places = {}
    found = Membership.objects.filter(user_id__in=users, state=Membership.State.JOINED)
    for user, conversation, spans in found.values_list("user_id", "conversation_id", "spans"):
        if (user, conversation) not in quiet:
            places.setdefault(user, {})[conversation] = [(first, last) for first, last in spans]
    return places
