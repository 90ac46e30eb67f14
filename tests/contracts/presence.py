"""What every presence store promises (presence/stores/base.py). An adapter's suite gives `presences` and `clock`."""

from presence.stores.base import PresenceStore, Transition
from tests.contracts.clock import MovableClock
from tests.contracts.rig import some_id


async def is_online(presences: PresenceStore, user: int) -> bool:
    (presence,) = await presences.look([user])
    return presence.online


def turned(transitions: list[Transition], user: int) -> list[bool]:
    """What this user turned to; others of a shared server may be among them."""
    return [transition.presence.online for transition in transitions if transition.presence.user == user]


class PresenceContract:
    async def test_who_never_came_is_offline(self, presences: PresenceStore) -> None:
        user = some_id()
        (presence,) = await presences.look([user])
        assert (presence.user, presence.online, presence.last_active_at) == (user, False, None)

    async def test_the_first_connection_turns_a_user_online_and_no_other(self, presences: PresenceStore) -> None:
        user = some_id()
        assert turned(await presences.arrive(user, "phone"), user) == [True]
        assert turned(await presences.arrive(user, "tablet"), user) == []
        assert turned(await presences.arrive(user, "tablet"), user) == []
        assert await is_online(presences, user)

    async def test_only_the_last_connection_to_go_matters(self, presences: PresenceStore) -> None:
        user = some_id()
        await presences.arrive(user, "phone")
        await presences.arrive(user, "tablet")
        assert turned(await presences.leave(user, "phone", grace_seconds=0), user) == []
        assert await is_online(presences, user)
        assert turned(await presences.leave(user, "tablet", grace_seconds=0), user) == [False]
        assert not await is_online(presences, user)

    async def test_a_connection_that_is_not_there_cannot_go(self, presences: PresenceStore) -> None:
        user = some_id()
        assert turned(await presences.leave(user, "phone", grace_seconds=0), user) == []
        await presences.arrive(user, "phone")
        assert turned(await presences.leave(user, "tablet", grace_seconds=0), user) == []
        assert await is_online(presences, user)

    async def test_a_short_absence_is_not_seen(self, presences: PresenceStore, clock: MovableClock) -> None:
        user = some_id()
        await presences.arrive(user, "phone")
        assert turned(await presences.leave(user, "phone", grace_seconds=10), user) == []
        clock.forward(9)
        assert await self._expired(presences, user) == []
        assert await is_online(presences, user)
        assert turned(await presences.arrive(user, "phone again"), user) == []
        for _ in range(6):
            clock.forward(10)
            assert await self._expired(presences, user) == []
        assert await is_online(presences, user)

    async def test_a_long_absence_turns_a_user_offline_once(self, presences: PresenceStore, clock: MovableClock) -> None:
        user = some_id()
        await presences.arrive(user, "phone")
        await presences.leave(user, "phone", grace_seconds=10)
        gone_at = clock.now_ms()
        clock.forward(10)
        (transition,) = await self._expired(presences, user)
        assert (transition.presence.online, transition.presence.last_active_at) == (False, gone_at)
        assert not await is_online(presences, user)
        assert await self._expired(presences, user) == []
        assert turned(await presences.arrive(user, "phone"), user) == [True]

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

    async def test_flapping_within_the_grace_period_is_not_seen(self, presences: PresenceStore, clock: MovableClock) -> None:
        user = some_id()
        await presences.arrive(user, "phone")
        for number in range(10):
            seen = turned(await presences.leave(user, f"phone {number}" if number else "phone", grace_seconds=10), user)
            clock.forward(9)
            seen += [transition.presence.online for transition in await self._expired(presences, user)]
            assert seen + turned(await presences.arrive(user, f"phone {number + 1}"), user) == []

    async def test_watching_answers_how_they_stand(self, presences: PresenceStore) -> None:
        here, away = some_id(), some_id()
        await presences.arrive(here, "phone")
        assert [(one.user, one.online) for one in await presences.watch([away, here])] == [(away, False), (here, True)]
        presences.unwatch([away, here])
        assert await presences.watch([]) == []

    async def _expired(self, presences: PresenceStore, user: int) -> list[Transition]:
        return [transition for transition in (await presences.sweep()).transitions if transition.presence.user == user]

    async def test_a_device_in_use_is_used_now_and_then_was(self, presences: PresenceStore, clock: MovableClock) -> None:
        user, other = some_id(), some_id()
        await presences.sweep()
        begun = clock.now_ms()
        presences.note_use(user, 71, is_active=True)
        presences.note_use(user, 72, is_active=True)
        await presences.sweep()
        clock.forward(5)
        presences.note_use(user, 72, is_active=False)
        await presences.sweep()
        clock.forward(10)
        await presences.sweep()
        assert await presences.last_used([other, user]) == [{}, {71: begun + 15_000, 72: begun + 5_000}]
        presences.note_use(user, 72, is_active=True)
        await presences.sweep()
        assert await presences.last_used([user]) == [{71: begun + 15_000, 72: begun + 15_000}]
