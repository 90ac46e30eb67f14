"""Redis for the tests of the layers that need it."""

from collections.abc import Iterator

import pytest

from tests.shards import Shards


@pytest.fixture(scope="package")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shards]:
    """Two shards, which a test may break and must leave standing."""
    shards = Shards(tmp_path_factory.mktemp("layer"))
    try:
        shards.up()
        yield shards
    finally:
        shards.down()
