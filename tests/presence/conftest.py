"""What tests of presence share."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.presence.cluster import Cluster


@pytest.fixture
async def cluster(coordination: dict[str, Any]) -> AsyncIterator[Cluster]:
    """Nodes on real shards that are past their beginning."""
    cluster = Cluster(coordination)
    await cluster.settle(cluster.node())
    yield cluster
    await cluster.close()
