"""Fixtures of the messaging tests."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.client import Phone
from tests.contracts.clock import MovableClock
from tests.messaging.rig import SqliteRig
from tests.messaging.stage import Stage
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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of a world use Django's tables from several threads. Emptying only those of these apps costs a tenth of a whole flush."""
    mark = pytest.mark.django_db(transaction=True, available_apps=["accounts", "notifications", "messaging"])
    for item in items:
        if "world" in getattr(item, "fixturenames", ()):
            item.add_marker(mark)


@pytest.fixture
async def world(tmp_path: Path, clock: MovableClock) -> AsyncIterator[World]:
    """A chat without a network."""
    world = World(tmp_path, clock)
    yield world
    await world.road.drain()
    await world.close()


@pytest.fixture(scope="module")
def stage(request: pytest.FixtureRequest, server_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server for the module; PEOPLE names who has an account there, ENVIRONMENT what else it is told."""
    people, environment = getattr(request.module, "PEOPLE", ()), getattr(request.module, "ENVIRONMENT", {})
    stage = Stage(server_template, tmp_path_factory.mktemp("stage"), people, **environment)
    yield stage
    stage.stop()


@pytest.fixture
async def phones(stage: Stage) -> AsyncIterator[Callable[[str], Phone]]:
    """`phones("anna")`: a device of hers; put away when the test ends."""
    yield stage.phone
    await stage.put_phones_away()
