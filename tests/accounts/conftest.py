"""Fixtures of the account tests."""

from collections.abc import Iterable, Iterator

import pytest
from django.core.cache import cache

from accounts.services import devices


@pytest.fixture(autouse=True)
def _no_limit_left_over() -> Iterator[None]:
    """Rate limits count in the cache: each test begins with none used up."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids of devices whose sockets the services had closed."""
    ids: list[int] = []

    def close(device_ids: Iterable[int]) -> None:
        ids.extend(device_ids)

    monkeypatch.setattr(devices, "close_devices", close)
    return ids
