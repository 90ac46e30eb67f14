"""Presence in memory keeps the contract of its port."""

import pytest

from presence.stores.memory import MemoryPresence
from tests.contracts.clock import MovableClock
from tests.contracts.presence import PresenceContract


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def presences(clock: MovableClock) -> MemoryPresence:
    return MemoryPresence(clock=clock)


class TestPresence(PresenceContract):
    pass
