"""Watchers on one node learn of people on another, at once by a packet and within a second without it."""

import pytest

from accounts.services.ties import Sees
from tests.contracts.rig import some_id
from tests.presence.circle import OpenCircle
from tests.presence.cluster import Cluster
from tests.presence.watcher import Watcher

# The driver of Cassandra keeps a socket of its log messages in the loop, and leaves it to the loop's end.
pytestmark = [pytest.mark.servers, pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")]


async def test_nodes_see_each_others_transitions(cluster: Cluster) -> None:
    east, west, anna, ben = cluster.online(), cluster.online(), some_id(), some_id()
    in_east, in_west = Watcher(), Watcher()
    await east.watch(in_east, [ben])
    await west.watch(in_west, [anna])
    await east.arrive(anna, "phone")
    await west.arrive(ben, "phone")
    assert (in_east.told, in_west.told) == ([(str(ben), True)], [(str(anna), True)])
    await west.leave(ben, "phone", at_once=True)
    assert in_east.told == [(str(ben), True), (str(ben), False)]
    for node in (east, west):
        await node.sweep()
        await node.sweep()
    assert len(in_east.told) == 2


async def test_flapping_across_nodes_is_told_nowhere(cluster: Cluster) -> None:
    nodes, anna, watcher = [cluster.online(), cluster.online()], some_id(), Watcher()
    await nodes[0].arrive(anna, "0")
    await nodes[1].watch(watcher, [anna])
    for number in range(10):
        await nodes[number % 2].leave(anna, str(number))
        cluster.clock.forward(9)
        for node in nodes:
            await node.sweep()
        await nodes[(number + 1) % 2].arrive(anna, str(number + 1))
    assert watcher.told == []


async def test_a_lost_packet_costs_one_sweep(cluster: Cluster) -> None:
    east, west, anna, watcher = cluster.online(), cluster.online(), some_id(), Watcher()
    await west.watch(watcher, [anna])
    await west.sweep()
    cluster.layer.attach(
        next(channel for channel in cluster.layer._handlers if channel == f"presence.{west._node}"), lambda packet: None
    )
    await east.arrive(anna, "phone")
    assert watcher.told == []
    await west.sweep()
    assert watcher.told == [(str(anna), True)]


async def test_the_death_of_a_node_is_told_on_every_other(cluster: Cluster) -> None:
    dead, nodes, anna = cluster.online(), [cluster.online(), cluster.online()], some_id()
    watchers = [Watcher(), Watcher()]
    await dead.arrive(anna, "phone")
    for node, watcher in zip(nodes, watchers, strict=True):
        await node.watch(watcher, [anna])
    gone = []
    for _ in range(7):
        cluster.clock.forward(5)
        for node in nodes:
            gone += [presence.user for presence in await node.sweep() if presence.user == anna]
    assert [watcher.told for watcher in watchers] == [[(str(anna), False)]] * 2
    assert gone == [anna]


async def test_a_shard_that_lost_everything_is_not_seen_by_watchers(cluster: Cluster) -> None:
    east, west, anna, watcher = cluster.online(), cluster.online(), some_id(), Watcher()
    await east.arrive(anna, "phone")
    assert [one.online for one in await west.watch(watcher, [anna])] == [True]
    await cluster.flush()
    for _ in range(10):
        cluster.clock.forward(5)
        await west.sweep()
        await east.sweep()
    assert watcher.told == []
    await east.leave(anna, "phone", at_once=True)
    assert watcher.told == [(str(anna), False)]


async def test_an_answer_that_a_packet_overtook_changes_nothing(cluster: Cluster) -> None:
    east, west, anna, first, second = cluster.online(), cluster.online(), some_id(), Watcher(), Watcher()
    await west.watch(first, [anna])
    (old,) = await west.look(first.user_id, [anna])
    await east.arrive(anna, "phone")
    west._tell([old])
    assert first.told == [(str(anna), True)]
    assert [one.online for one in await west.watch(second, [anna])] == [True]


async def test_contacts_on_other_nodes_are_told_by_one_packet_each(cluster: Cluster) -> None:
    circles = [OpenCircle(), OpenCircle()]
    east, west = (cluster.online(circle) for circle in circles)
    anna, near, far = some_id(), Watcher(4), Watcher(5)
    circles[0].hub.add(near)
    circles[1].hub.add(far)
    circles[0].contacts[anna] = {4: Sees(), 5: Sees(online=True, last_active=False)}
    await east.arrive(anna, "phone")
    await east.tell_contacts()
    await west.tell_contacts()
    assert near.told == far.told == [(str(anna), True)]
    assert (near.last_active[0] is None, far.last_active) == (False, [None])
    await east.leave(anna, "phone")
    cluster.clock.forward(5)
    await east.sweep()
    await west.arrive(anna, "tablet")
    for node in (east, west):
        await node.sweep()
        await node.tell_contacts()
    assert near.told == far.told == [(str(anna), True)]
