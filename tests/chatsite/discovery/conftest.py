"""A ZooKeeper for the tests of discovery."""

from collections.abc import AsyncIterator, Callable, Iterator
from uuid import uuid4

import pytest

from chatsite.core.clock import Clock, clock
from chatsite.discovery.zookeeper import ZooKeeperDiscovery
from tests.servers import Services

SESSION_SECONDS = 2.0  # the shortest that it grants

MakeProcess = Callable[..., ZooKeeperDiscovery]


@pytest.fixture(scope="module")
def zookeeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    services = Services(tmp_path_factory.mktemp("zookeeper"))
    try:
        services.up("zookeeper")
        yield services
    finally:
        services.down()


@pytest.fixture
async def processes(zookeeper: Services) -> AsyncIterator[MakeProcess]:
    """`processes("one", region="west")` is the discovery of one process, in a part of the tree that is this test's own."""
    hosts, root = zookeeper.env()["ZOOKEEPER_HOSTS"], f"/{uuid4().hex}"
    made: list[ZooKeeperDiscovery] = []

    def make(node: str, region: str = "", clock: Clock = clock) -> ZooKeeperDiscovery:
        url = f"ws://{node}.example/ws/v1"
        made.append(ZooKeeperDiscovery(hosts, node, url, region, root=root, session_seconds=SESSION_SECONDS, clock=clock))
        return made[-1]

    yield make
    for discovery in made:
        await discovery.close()
