"""What every presence store promises (presence/stores/base.py). An adapter's suite gives `presences` and `clock`."""

from presence.protocol import Presence
from presence.stores.base import PresenceStore
from tests.contracts.clock import MovableClock
from tests.contracts.rig import some_id


async def is_online(presences: PresenceStore, user: int) -> bool:
    (presence,) = await presences.look([user])
    return presence.online


class PresenceContract:
    async def test_who_never_came_is_offline(self, presences: PresenceStore) -> None:
        user = some_id()
        (presence,) = await presences.look([user])
        assert (presence.user, presence.online, presence.last_active_at) == (user, False, None)

    async def test_the_first_connection_turns_a_user_online_and_no_other(self, presences: PresenceStore) -> None:
        user = some_id()
        assert await presences.arrive(user, "phone") is True
        assert await presences.arrive(user, "tablet") is False
        assert await presences.arrive(user, "tablet") is False
        assert await is_online(presences, user)

    async def test_only_the_last_connection_to_go_matters(self, presences: PresenceStore) -> None:
        user = some_id()
        await presences.arrive(user, "phone")
        await presences.arrive(user, "tablet")
        assert await presences.leave(user, "phone", grace_seconds=0) is False
        assert await is_online(presences, user)
        assert await presences.leave(user, "tablet", grace_seconds=0) is True
        assert not await is_online(presences, user)

    async def test_a_connection_that_is_not_there_cannot_go(self, presences: PresenceStore) -> None:
        user = some_id()
        assert await presences.leave(user, "phone", grace_seconds=0) is False
        await presences.arrive(user, "phone")
        assert await presences.leave(user, "tablet", grace_seconds=0) is False
        assert await is_online(presences, user)

    async def test_a_short_absence_is_not_seen(self, presences: PresenceStore, clock: MovableClock) -> None:
        user = some_id()
        await presences.arrive(user, "phone")
        assert await presences.leave(user, "phone", grace_seconds=10) is False
        clock.forward(9)
        assert await self._expired(presences, user) == []
        assert await is_online(presences, user)
        assert await presences.arrive(user, "phone again") is False
        clock.forward(60)
        assert await self._expired(presences, user) == []
        assert await is_online(presences, user)

    async def test_a_long_absence_turns_a_user_offline_once(self, presences: PresenceStore, clock: MovableClock) -> None:
        user = some_id()
        await presences.arrive(user, "phone")
        await presences.leave(user, "phone", grace_seconds=10)
        gone_at = clock.now_ms()
        clock.forward(10)
        (presence,) = await self._expired(presences, user)
        assert (presence.online, presence.last_active_at) == (False, gone_at)
        assert await self._expired(presences, user) == []
        assert await presences.arrive(user, "phone") is True

    async def test_the_last_activity_stays_known(self, presences: PresenceStore, clock: MovableClock) -> None:
        user = some_id()
        await presences.arrive(user, "phone")
        clock.forward(5)
        await presences.leave(user, "phone", grace_seconds=0)
        gone_at = clock.now_ms()
        clock.forward(60)
        (presence,) = await presences.look([user])
        assert (presence.online, presence.last_active_at) == (False, gone_at)

    async def test_looking_answers_in_the_order_asked(self, presences: PresenceStore) -> None:
        here, away = some_id(), some_id()
        await presences.arrive(here, "phone")
        assert [presence.user for presence in await presences.look([away, here, away])] == [away, here, away]
        assert await presences.look([]) == []

    async def _expired(self, presences: PresenceStore, user: int) -> list[Presence]:
        return [presence for presence in await presences.expire() if presence.user == user]
