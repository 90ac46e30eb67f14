"""Push services for tests of gateways."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notifications.services import PushServices


@pytest.fixture
def services(tmp_path: Path) -> Iterator[PushServices]:
    with PushServices(tmp_path) as services:
        yield services
