"""Discovery on ZooKeeper keeps the contract of its port, whatever becomes of the session and of the server."""

import asyncio
import logging
import os
import signal
from typing import Any

import pytest
from kazoo.client import KazooClient

from chatsite.core.errors import StartupRefused, Unavailable
from chatsite.core.ids import IdGenerator
from chatsite.discovery import session
from chatsite.discovery import zookeeper as adapter
from chatsite.discovery.base import Load, Node
from chatsite.discovery.zookeeper import ZooKeeperDiscovery
from tests.chatsite.discovery.conftest import SESSION_SECONDS, MakeProcess
from tests.contracts.clock import MovableClock
from tests.contracts.discovery import Discoveries, DiscoveryContract, names, until
from tests.servers import Services

pytestmark = pytest.mark.servers


@pytest.fixture
def discoveries(processes: MakeProcess) -> Discoveries:
    return processes


class TestZooKeeperDiscovery(DiscoveryContract):
    pass


def client_of(process: ZooKeeperDiscovery) -> Any:
    return process._session._client


async def expire(process: ZooKeeperDiscovery) -> None:
    """Ends its session behind its back, as ZooKeeper does with one it has not heard of."""
    identity = client_of(process).client_id
    double = KazooClient(process._hosts, client_id=identity)
    await asyncio.to_thread(double.start)
    await asyncio.to_thread(double.stop)
    double.close()
    await until(lambda: client_of(process).client_id not in {None, identity})


def holds_number(process: ZooKeeperDiscovery) -> bool:
    try:
        process.worker_number()
    except Unavailable:
        return False
    return True


async def knows(process: ZooKeeperDiscovery, *expected: str, region: str = "") -> None:
    async with asyncio.timeout(20):
        while set(await names(process, region)) != set(expected):
            await asyncio.sleep(0.02)


async def node(processes: MakeProcess, name: str, region: str = "", **load: Any) -> ZooKeeperDiscovery:
    process = processes(name, region)
    await process.start(watch=False)
    await process.announce(Load(**load))
    return process


async def api(processes: MakeProcess) -> ZooKeeperDiscovery:
    process = processes("api")
    await process.start(watch=True)
    return process


async def test_a_node_is_known_elsewhere_with_its_url_and_region(processes: MakeProcess) -> None:
    asking = await api(processes)
    await node(processes, "one", "west")
    await knows(asking, "one")
    assert await asking.nodes_for() == [Node("one", "ws://one.example/ws/v1", "west")]


async def test_nodes_of_two_regions_are_ordered_for_each(processes: MakeProcess) -> None:
    asking = await api(processes)
    for name, region in (("e1", "east"), ("e2", "east"), ("w1", "west")):
        await node(processes, name, region)
    await knows(asking, "e1", "e2", "w1")
    assert (await names(asking, "west"))[0] == "w1"
    assert (await names(asking, "east"))[2] == "w1"


async def test_load_is_seen_by_those_who_choose(processes: MakeProcess) -> None:
    """The full come last, always; among those with room it is a lot."""
    asking, one = await api(processes), await node(processes, "one", connections=5, capacity=10)
    two = await node(processes, "two", connections=10, capacity=10)
    await knows(asking, "one", "two")
    assert [await names(asking) for _ in range(20)] == [["one", "two"]] * 20
    await one.announce(Load(connections=10, capacity=10))
    await two.announce(Load(connections=5, capacity=10))
    async with asyncio.timeout(20):
        while [await names(asking) for _ in range(20)] != [["two", "one"]] * 20:
            await asyncio.sleep(0.02)


async def test_the_node_of_a_process_that_ended_is_gone(processes: MakeProcess) -> None:
    asking, one = await api(processes), await node(processes, "one")
    await knows(asking, "one")
    await one.close()
    await knows(asking)


async def test_an_expired_session_is_replaced_and_the_node_registered_again(processes: MakeProcess) -> None:
    asking, one = await api(processes), await node(processes, "one")
    await knows(asking, "one")
    await expire(one)
    await until(lambda: holds_number(one))
    await knows(asking, "one")
    path = one._registration._path
    await until(lambda: client_of(one).exists(path) and client_of(one).exists(path).ephemeralOwner == client_of(one).client_id[0])


async def test_who_watches_goes_on_knowing_after_its_own_session_expired(processes: MakeProcess) -> None:
    asking = await api(processes)
    await node(processes, "one")
    await knows(asking, "one")
    await expire(asking)
    two = await node(processes, "two")
    await knows(asking, "one", "two")
    await two.close()
    await knows(asking, "one")


async def test_a_number_lost_with_its_session_is_given_up_before_another_is_leased(processes: MakeProcess) -> None:
    one = processes("one")
    await one.start(watch=False)
    make = IdGenerator(one.worker_number)
    held: list[bool] = []
    client_of(one).add_listener(lambda state: held.append(holds_number(one)))
    before = [make() for _ in range(10)]
    await expire(one)
    await until(lambda: holds_number(one))
    after = [make() for _ in range(10)]
    assert held[2] is False, "at once after it was suspended, lost and connected"
    assert sorted(before + after) == before + after
    stat = client_of(one).exists(f"{one._worker._root}/{one.worker_number()}")
    assert stat.ephemeralOwner == client_of(one).client_id[0]


async def test_while_the_server_is_frozen_ids_end_before_the_session_can_expire_and_go_on_after_it(
    processes: MakeProcess, zookeeper: Services
) -> None:
    clock = MovableClock()
    one = processes("one", clock=clock)
    await one.start(watch=True)
    await one.announce(Load())
    await knows(one, "one")
    make = IdGenerator(one.worker_number)
    os.kill(zookeeper.pid("zookeeper"), signal.SIGSTOP)
    try:
        clock.forward(SESSION_SECONDS * 0.7)
        assert make()
        clock.forward(SESSION_SECONDS * 0.2)
        with pytest.raises(Unavailable) as refused:
            make()
        assert refused.value.retry_after
        assert await names(one) == ["one"]
    finally:
        os.kill(zookeeper.pid("zookeeper"), signal.SIGCONT)
    await until(lambda: holds_number(one))
    assert make()
    await knows(one, "one")


async def test_the_last_known_nodes_are_served_while_the_server_is_dead_and_all_is_right_after_it_came_back(
    processes: MakeProcess, zookeeper: Services, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "chatsite")
    asking, one, two = await api(processes), await node(processes, "one"), await node(processes, "two")
    await knows(asking, "one", "two")
    os.kill(zookeeper.pid("zookeeper"), signal.SIGKILL)
    await until(lambda: "ZooKeeper is away" in caplog.text)
    assert set(await names(asking)) == {"one", "two"}
    await one.announce(Load(connections=3))  # returns though nobody hears it
    await two.withdraw()
    zookeeper.up("zookeeper")
    await knows(asking, "one")
    await until(lambda: holds_number(one))
    assert caplog.text.count("ZooKeeper is away (suspended)") >= 1


async def test_a_server_without_its_memory_is_told_everything_again(
    processes: MakeProcess, zookeeper: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "REOPEN_SECONDS", 3.0)
    asking, one = await api(processes), await node(processes, "one")
    await knows(asking, "one")
    zookeeper.down("zookeeper")
    for file in (zookeeper.data_dir / "services" / "zookeeper" / "version-2").iterdir():
        file.unlink()
    zookeeper.up("zookeeper")
    await until(lambda: holds_number(one))
    await knows(asking, "one")


async def test_a_client_whose_thread_ended_is_started_anew(processes: MakeProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "REOPEN_SECONDS", 0.5)
    asking, one = await api(processes), await node(processes, "one")
    await knows(asking, "one")
    await asyncio.to_thread(client_of(one).stop)
    await knows(asking)
    await knows(asking, "one")
    await until(lambda: holds_number(one))


async def test_a_round_that_fails_in_an_unforeseen_way_is_not_the_last(
    processes: MakeProcess, caplog: pytest.LogCaptureFixture
) -> None:
    one = await node(processes, "one")
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(one._registration, "tend", "not to be called")
        await until(lambda: "a round of discovery failed" in caplog.text)
    await one.announce(Load(draining=True))
    assert await one._registration.settled(10)


async def test_a_successor_of_the_same_name_is_registered_when_the_dead_ones_session_is_gone(processes: MakeProcess) -> None:
    asking, first = await api(processes), await node(processes, "one", "old")
    await knows(asking, "one")
    second = processes("one", "new")
    await second.start(watch=False)
    announced = asyncio.create_task(second.announce(Load()))
    await until(lambda: second._registration._is_told)
    await first.close()
    await announced
    async with asyncio.timeout(20):
        while [found.region for found in await asking.nodes_for()] != ["new"]:
            await asyncio.sleep(0.02)


async def test_an_entry_that_cannot_be_read_is_passed_over(processes: MakeProcess) -> None:
    asking, one = await api(processes), await node(processes, "one")
    client_of(one).create(f"{asking._directory._root}/odd", b"{", ephemeral=True)
    await node(processes, "two")
    await knows(asking, "one", "two")


async def test_a_node_without_an_address_is_refused(zookeeper: Services) -> None:
    process = ZooKeeperDiscovery(zookeeper.env()["ZOOKEEPER_HOSTS"], "one")
    with pytest.raises(StartupRefused, match="NODE_URL"):
        await process.announce(Load())


async def test_without_a_server_the_start_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "START_SECONDS", 0.2)
    process = ZooKeeperDiscovery("127.0.0.1:9", "one")
    with pytest.raises(StartupRefused, match=r"ZooKeeper at 127\.0\.0\.1:9 does not answer"):
        await process.start(watch=False)
