"""Who knows whom and what: whose presence people may look at, and in which conversations they have a place."""

from collections.abc import Collection, Iterable

from channels.db import database_sync_to_async
from django.db.models import Q

from accounts.services import ties
from accounts.services.activity import last_active
from accounts.services.ties import Sees
from chatsite.edge.hub import Connection
from messaging.models import Membership
from messaging.services.chat import Chat

BATCH = 500


class Surroundings:
    """The circle of `presence.services.circle`: people see those they share a conversation with, and their contacts."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    async def sights(self, viewer: int, people: Collection[int]) -> dict[int, Sees]:
        """Of at most 500 people, in the order asked."""
        found: dict[int, Sees] = await database_sync_to_async(_sights)(viewer, list(dict.fromkeys(people))[:BATCH])
        return found

    async def audience(self, users: Collection[int]) -> dict[int, dict[int, Sees]]:
        found: dict[int, dict[int, Sees]] = await database_sync_to_async(ties.audience)(users)
        return found

    async def last_active(self, users: Collection[int]) -> dict[int, int]:
        found: dict[int, int] = await database_sync_to_async(last_active)(users)
        return found

    async def nodes_of(self, users: Collection[int]) -> tuple[str, ...]:
        return await self._chat.inbox.nodes_of(list(users))

    def connections(self, user: int) -> tuple[Connection, ...]:
        return self._chat.hub.of_user(user)


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


def _sights(viewer: int, people: list[int]) -> dict[int, Sees]:
    known = _who_share(viewer, people) | ties.contacts_among(viewer, people)
    return ties.sights(viewer, [person for person in people if person in known])


def _who_share(user: int, others: list[int]) -> set[int]:
    """Those of `others` who are in a conversation with `user` now."""
    joined = Q(state=Membership.State.JOINED)
    mine = Membership.objects.filter(joined, user_id=user).values("conversation_id")
    known = set(Membership.objects.filter(joined, conversation_id__in=mine, user_id__in=others).values_list("user_id", flat=True))
    return known - {user}
