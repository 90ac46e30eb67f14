"""Who knows whom and what: people may look at the presence of those they share a conversation with."""

from collections.abc import Iterable, Sequence

from channels.db import database_sync_to_async
from django.db.models import Q

from messaging.models import Membership

BATCH = 500


async def who_share_a_conversation(user: int, others: Sequence[int]) -> list[int]:
    """Those of `others` (at most 500) who are in a conversation with `user` now, in the order asked."""
    known: list[int] = await database_sync_to_async(_who_share)(user, list(others)[:BATCH])
    return known


async def conversations_with_a_place(user: int, conversations: Iterable[int]) -> set[int]:
    """Those of `conversations` in which the user has, or had, a place: one question for all."""
    found: set[int] = await database_sync_to_async(_with_a_place)(user, list(conversations))
    return found


async def conversations_of(user: int) -> list[int]:
    """All in which the user has, or had, a place."""
    found: list[int] = await database_sync_to_async(_places_of)(user)
    return found


def _places_of(user: int) -> list[int]:
    return list(Membership.objects.filter(user_id=user).values_list("conversation_id", flat=True))


def _with_a_place(user: int, conversations: list[int]) -> set[int]:
    places = Membership.objects.filter(user_id=user, conversation_id__in=conversations)
    return set(places.values_list("conversation_id", flat=True))


def _who_share(user: int, others: list[int]) -> list[int]:
    joined = Q(state=Membership.State.JOINED)
    mine = Membership.objects.filter(joined, user_id=user).values("conversation_id")
    known = set(Membership.objects.filter(joined, conversation_id__in=mine, user_id__in=others).values_list("user_id", flat=True))
    return [other for other in dict.fromkeys(others) if other in known and other != user]
