"""Fixtures of the messaging tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.messaging.rig import SqliteRig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[SqliteRig]:
    """The SQLite adapters on a file of their own."""
    rig = SqliteRig(tmp_path)
    await rig.open()
    yield rig
    await rig.close()
