"""Watchers learn when somebody turns online or offline: once, and not for a tunnel."""

import pytest

from chatsite.edge.layer import LocalLayer
from presence.services.online import Online
from presence.stores.memory import MemoryPresence
from tests.contracts.clock import MovableClock
from tests.presence.watcher import Watcher

ANNA, BEN = 1, 2


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def online(clock: MovableClock) -> Online:
    return Online(MemoryPresence(clock=clock), node="node-1", layer=LocalLayer(), grace_seconds=10)


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
