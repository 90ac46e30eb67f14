"""Fixtures of the messaging tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts.clock import MovableClock
from tests.messaging.rig import SqliteRig
from tests.messaging.world import World


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[SqliteRig]:
    """The SQLite adapters on a file of their own."""
    rig = SqliteRig(tmp_path)
    await rig.open()
    yield rig
    await rig.close()


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
async def world(tmp_path: Path, clock: MovableClock, transactional_db: None) -> AsyncIterator[World]:
    """A chat without a network."""
    world = World(tmp_path, clock)
    yield world
    await world.road.drain()
    world.close()
