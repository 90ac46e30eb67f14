"""Watchers learn when somebody turns online or offline: once, and not for a tunnel."""

import pytest

from accounts.services.ties import Sees
from chatsite.core.errors import Unavailable
from chatsite.edge.layer import LocalLayer
from presence.services.online import Online
from presence.stores.memory import MemoryPresence
from tests.contracts.clock import MovableClock
from tests.presence.circle import OpenCircle
from tests.presence.watcher import Watcher

ANNA, BEN = 1, 2


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def circle() -> OpenCircle:
    return OpenCircle(["node-1"])


@pytest.fixture
def online(clock: MovableClock, circle: OpenCircle) -> Online:
    return Online(MemoryPresence(clock=clock), node="node-1", layer=LocalLayer(), circle=circle, grace_seconds=10)


async def test_a_watcher_learns_of_coming_and_going(online: Online, clock: MovableClock) -> None:
    watcher = Watcher()
    assert [one.online for one in await online.watch(watcher, [ANNA, BEN])] == [False, False]
    await online.arrive(ANNA, "phone")
    await online.leave(ANNA, "phone")
    assert watcher.told == [(str(ANNA), True)]
    clock.forward(10)
    assert [one.user for one in await online.sweep()] == [ANNA]
    assert watcher.told == [(str(ANNA), True), (str(ANNA), False)]
    assert await online.sweep() == []


async def test_a_tunnel_does_not_flicker(online: Online, clock: MovableClock) -> None:
    watcher = Watcher()
    await online.arrive(ANNA, "phone")
    await online.watch(watcher, [ANNA])
    for number in range(5):
        await online.leave(ANNA, f"phone {number}" if number else "phone")
        clock.forward(5)
        await online.sweep()
        await online.arrive(ANNA, f"phone {number + 1}")
    assert watcher.told == []


async def test_a_logout_is_seen_at_once(online: Online) -> None:
    watcher = Watcher()
    await online.arrive(ANNA, "phone")
    await online.watch(watcher, [ANNA])
    await online.leave(ANNA, "phone", at_once=True)
    assert watcher.told == [(str(ANNA), False)]


async def test_a_second_device_is_no_news(online: Online) -> None:
    watcher = Watcher()
    await online.watch(watcher, [ANNA])
    await online.arrive(ANNA, "phone")
    await online.arrive(ANNA, "tablet")
    await online.leave(ANNA, "phone", at_once=True)
    assert watcher.told == [(str(ANNA), True)]


async def test_watching_anew_replaces_what_was_watched(online: Online) -> None:
    watcher = Watcher()
    await online.watch(watcher, [ANNA])
    await online.watch(watcher, [BEN])
    await online.arrive(ANNA, "phone")
    await online.arrive(BEN, "phone")
    assert watcher.told == [(str(BEN), True)]


async def test_who_stopped_watching_hears_nothing_and_others_do(online: Online) -> None:
    gone, here = Watcher(), Watcher()
    for watcher in (gone, here):
        await online.watch(watcher, [ANNA])
    online.unwatch(gone)
    online.unwatch(gone)
    await online.arrive(ANNA, "phone")
    assert (gone.told, here.told) == ([], [(str(ANNA), True)])


async def test_who_left_since_the_last_sweep_is_answered_once(online: Online) -> None:
    await online.arrive(ANNA, "phone")
    await online.leave(ANNA, "phone", at_once=True)
    assert [one.user for one in await online.sweep()] == [ANNA]
    assert await online.sweep() == []


async def test_whom_a_watcher_may_not_see_looks_offline_and_never_seen(online: Online, circle: OpenCircle) -> None:
    watcher = Watcher()
    circle.hide(watcher.user_id, ANNA)
    await online.arrive(ANNA, "phone")
    await online.arrive(BEN, "phone")
    seen = await online.watch(watcher, [ANNA, BEN])
    assert [(one.online, one.last_active_at is None) for one in seen] == [(False, True), (True, False)]
    assert await online.look(watcher.user_id, [ANNA, BEN]) == seen
    await online.leave(ANNA, "phone", at_once=True)
    await online.leave(BEN, "phone", at_once=True)
    assert watcher.told == [(str(BEN), False)]


async def test_last_seen_may_be_hidden_alone(online: Online, circle: OpenCircle) -> None:
    strict, free = Watcher(4), Watcher(5)
    circle.hide(4, ANNA, Sees(online=True, last_active=False))
    for watcher in (strict, free):
        await online.watch(watcher, [ANNA])
    await online.arrive(ANNA, "phone")
    await online.leave(ANNA, "phone", at_once=True)
    assert strict.told == free.told == [(str(ANNA), True), (str(ANNA), False)]
    assert strict.last_active == [None, None]
    assert None not in free.last_active


async def test_strangers_are_not_watched(online: Online, circle: OpenCircle) -> None:
    watcher = Watcher()
    circle.strangers = {ANNA}
    assert [one.user for one in await online.watch(watcher, [ANNA, BEN])] == [BEN]
    await online.arrive(ANNA, "phone")
    assert watcher.told == []
    assert await online.look(watcher.user_id, [ANNA]) == []


async def test_a_watcher_learns_when_they_may_see_more_or_less(online: Online, circle: OpenCircle) -> None:
    watcher, other = Watcher(4), Watcher(5)
    for one in (watcher, other):
        circle.hub.add(one)
        await online.watch(one, [ANNA, BEN])
    await online.arrive(ANNA, "phone")
    circle.hide(4, ANNA)
    await online.recheck({ANNA})
    assert watcher.told == [(str(ANNA), True), (str(ANNA), False)]
    circle.hidden.clear()
    await online.recheck({4})
    assert watcher.told[2:] == [(str(ANNA), True)]
    await online.recheck({ANNA, BEN, 4, 5})
    assert len(watcher.told) == 3
    assert other.told == [(str(ANNA), True)]


async def test_what_the_store_forgot_is_answered_from_what_is_stored(online: Online, circle: OpenCircle) -> None:
    circle.stored[ANNA] = 1_000
    watcher = Watcher()
    assert [one.last_active_at for one in await online.watch(watcher, [ANNA, BEN])] == [1_000, None]
    circle.hide(watcher.user_id, ANNA, Sees(online=True, last_active=False))
    assert [one.last_active_at for one in await online.look(watcher.user_id, [ANNA])] == [None]


async def test_contacts_are_told_without_asking_once_on_every_device(online: Online, circle: OpenCircle) -> None:
    devices, stranger, watching = [Watcher(4), Watcher(4)], Watcher(5), Watcher(6)
    for connection in (*devices, stranger, watching):
        circle.hub.add(connection)
    circle.contacts[ANNA] = {4: Sees(), 6: Sees(), 7: Sees()}
    await online.watch(watching, [ANNA])
    await online.arrive(ANNA, "phone")
    assert devices[0].told == []
    await online.tell_contacts()
    await online.tell_contacts()
    assert [device.told for device in devices] == [[(str(ANNA), True)]] * 2
    assert watching.told == [(str(ANNA), True)]
    assert stranger.told == []


async def test_contacts_see_what_they_may(online: Online, circle: OpenCircle) -> None:
    contact = Watcher(4)
    circle.hub.add(contact)
    circle.contacts[ANNA] = {4: Sees(online=True, last_active=False)}
    await online.arrive(ANNA, "phone")
    await online.leave(ANNA, "phone", at_once=True)
    await online.tell_contacts()
    assert (contact.told, contact.last_active) == ([(str(ANNA), False)], [None])


async def test_flapping_is_at_most_one_transition_for_contacts_and_watchers(
    online: Online, circle: OpenCircle, clock: MovableClock
) -> None:
    contact, watcher = Watcher(4), Watcher(5)
    circle.hub.add(contact)
    circle.contacts[ANNA] = {4: Sees()}
    await online.watch(watcher, [ANNA])
    for number in range(10):
        await online.arrive(ANNA, str(number))
        clock.forward(0.5)
        await online.leave(ANNA, str(number))
        clock.forward(0.4)
        await online.sweep()
        await online.tell_contacts()
    assert contact.told == watcher.told == [(str(ANNA), True)]
    clock.forward(10)
    await online.sweep()
    await online.tell_contacts()
    assert contact.told == watcher.told == [(str(ANNA), True), (str(ANNA), False)]


async def test_what_contacts_cannot_be_told_now_waits(
    online: Online, circle: OpenCircle, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = Watcher(4)
    circle.hub.add(contact)
    circle.contacts[ANNA] = circle.contacts[BEN] = {4: Sees()}

    async def away(users: object) -> tuple[str, ...]:
        raise Unavailable

    await online.arrive(ANNA, "phone")
    with monkeypatch.context() as patched:
        patched.setattr(circle, "nodes_of", away)
        with pytest.raises(Unavailable):
            await online.tell_contacts()
    await online.arrive(BEN, "phone")
    await online.tell_contacts()
    assert contact.told == [(str(ANNA), True), (str(BEN), True)]
