"""What the member cache may and may not remember."""

import pytest
from channels.db import database_sync_to_async

from accounts.models import User
from messaging.models import Conversation, Membership
from messaging.services.members import FRESH_SECONDS, MemberCache
from tests.contracts.clock import MovableClock

pytestmark = pytest.mark.django_db(transaction=True)


def _conversation() -> tuple[int, User]:
    anna = User.objects.create(username="anna")
    row = Conversation.objects.create(kind="group", title="Hut", created_by=anna)
    Membership.objects.create(conversation=row, user=anna, state="joined", spans=[[1, None]])
    return row.id, anna


async def test_a_new_display_name_is_seen_within_a_minute() -> None:
    clock = MovableClock()
    cache = MemberCache(clock)
    conversation, anna = await database_sync_to_async(_conversation)()
    assert (await cache.get(conversation)).member(anna.id).display_name == "anna"
    anna.display_name = "Anna Berg"
    await anna.asave()
    clock.forward(FRESH_SECONDS - 1)
    assert (await cache.get(conversation)).member(anna.id).display_name == "anna"
    clock.forward(2)
    assert cache.peek(conversation) is None
    assert (await cache.get(conversation)).member(anna.id).display_name == "Anna Berg"
