"""Presence on Redis keeps its contract, and many nodes make one picture of it, whatever one of them or a shard suffers."""

import asyncio

import pytest

from presence.stores.base import Transition
from presence.stores.redis import RedisPresence
from presence.stores.shard import HERE, SAY
from tests.contracts.clock import MovableClock
from tests.contracts.presence import PresenceContract, is_online
from tests.contracts.rig import some_id
from tests.presence.cluster import Cluster, turns

# The driver of Cassandra keeps a socket of its log messages in the loop, and leaves it to the loop's end.
pytestmark = [pytest.mark.servers, pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")]


@pytest.fixture
def clock(cluster: Cluster) -> MovableClock:
    return cluster.clock


@pytest.fixture
def presences(cluster: Cluster) -> RedisPresence:
    return cluster.node()


class TestPresence(PresenceContract):
    pass


async def test_a_user_is_online_while_connected_to_any_node(cluster: Cluster) -> None:
    east, west, user = cluster.node(), cluster.node(), some_id()
    assert turns(await east.arrive(user, "phone"), user) == [(user, True)]
    assert turns(await west.arrive(user, "tablet"), user) == []
    assert turns(await east.leave(user, "phone", grace_seconds=0), user) == []
    assert await is_online(east, user)
    assert turns(await west.leave(user, "tablet", grace_seconds=0), user) == [(user, False)]


async def test_the_end_of_a_grace_period_is_claimed_by_one_node(cluster: Cluster) -> None:
    east, west, user = cluster.node(), cluster.node(), some_id()
    await east.arrive(user, "phone")
    await east.leave(user, "phone", grace_seconds=10)
    cluster.clock.forward(10)
    swept = await asyncio.gather(east.sweep(), west.sweep(), east.sweep(), west.sweep())
    assert turns([transition for one in swept for transition in one.transitions], user) == [(user, False)]


async def test_moving_between_nodes_within_the_grace_period_is_not_seen(cluster: Cluster) -> None:
    nodes, user = [cluster.node(), cluster.node()], some_id()
    await nodes[0].arrive(user, "0")
    seen = []
    for number in range(10):
        seen += await nodes[number % 2].leave(user, str(number), grace_seconds=10)
        seen += (await cluster.pass_time(9, *nodes)).transitions
        seen += await nodes[(number + 1) % 2].arrive(user, str(number + 1))
    assert turns(seen, user) == []


async def test_the_users_of_a_node_that_died_turn_offline_with_its_lease(cluster: Cluster) -> None:
    living, dead, lost, moved, leaving = cluster.node(), cluster.node(), some_id(), some_id(), some_id()
    for user in (lost, moved, leaving):
        await dead.arrive(user, "phone")
    await cluster.pass_time(5, living, dead)
    died_at = cluster.clock.now_ms()
    await living.arrive(moved, "phone again")
    await dead.leave(leaving, "phone", grace_seconds=60)
    assert turns((await cluster.pass_time(29, living)).transitions, lost, moved, leaving) == []
    found = await cluster.pass_time(1, living)
    assert turns(found.transitions, lost, moved, leaving) == [(lost, False)]
    (presence,) = await living.look([lost])
    assert (presence.online, presence.last_active_at) == (False, died_at)
    assert turns((await cluster.pass_time(60, living)).transitions, lost, moved, leaving) == [(leaving, False)]
    assert await is_online(living, moved)


async def test_a_grace_period_that_begins_beside_a_dead_node_is_kept(cluster: Cluster) -> None:
    living, dead, user = cluster.node(), cluster.node(), some_id()
    await dead.arrive(user, "phone")
    await living.arrive(user, "tablet")
    for _ in range(3):
        cluster.clock.forward(12)
        await living.look([user])  # the shard hears somebody, and nobody clears
    assert turns(await living.leave(user, "tablet", grace_seconds=20), user) == []
    assert turns((await cluster.pass_time(15, living)).transitions, user) == []
    assert turns((await cluster.pass_time(5, living)).transitions, user) == [(user, False)]


async def test_who_is_gone_while_their_coming_is_being_said_is_offline(cluster: Cluster) -> None:
    node, user = cluster.node(), some_id()
    await asyncio.gather(node.arrive(user, "phone"), node.leave(user, "phone", grace_seconds=0))
    assert not await is_online(node, user)


async def test_a_node_that_was_taken_for_dead_brings_its_users_back(cluster: Cluster) -> None:
    living, stopped, user = cluster.node(), cluster.node(), some_id()
    await stopped.arrive(user, "phone")
    assert turns((await cluster.pass_time(35, living)).transitions, user) == [(user, False)]
    assert turns((await stopped.sweep()).transitions, user) == [(user, True)]
    assert turns((await cluster.pass_time(60, living, stopped)).transitions, user) == []


async def test_many_users_of_a_dead_node_are_cleared_in_one_sweep(cluster: Cluster) -> None:
    living, dead, users = cluster.node(), cluster.node(), [some_id() for _ in range(1_500)]
    await asyncio.gather(*(dead.arrive(user, "phone") for user in users))
    assert sorted(turns((await cluster.pass_time(35, living)).transitions, *users)) == sorted((user, False) for user in users)


async def test_a_shard_that_stood_still_takes_nobody_for_dead(cluster: Cluster) -> None:
    first, second, dead, here, gone = cluster.node(), cluster.node(), cluster.node(), some_id(), some_id()
    await second.arrive(here, "phone")
    await dead.arrive(gone, "phone")
    cluster.clock.forward(100)
    assert turns((await first.sweep()).transitions, here, gone) == []
    assert turns((await cluster.pass_time(25, first, second)).transitions, here, gone) == []
    assert turns((await cluster.pass_time(10, first, second)).transitions, here, gone) == [(gone, False)]


async def test_a_shard_whose_clock_is_set_back_keeps_nobody_longer(cluster: Cluster) -> None:
    living, dead, leaving, lost = cluster.node(), cluster.node(), some_id(), some_id()
    await dead.arrive(lost, "phone")
    await living.arrive(leaving, "phone")
    await living.leave(leaving, "phone", grace_seconds=10)
    cluster.clock.set_wall(cluster.clock.now_ms() - 3_600_000)
    await living.sweep()
    found = await cluster.pass_time(35, living)
    assert sorted(turns(found.transitions, leaving, lost)) == sorted([(leaving, False), (lost, False)])


async def test_after_a_shard_lost_everything_its_users_are_said_to_be_here_again(cluster: Cluster) -> None:
    here, there, anna, ben = cluster.node(), cluster.node(), some_id(), some_id()
    await here.arrive(anna, "phone")
    await there.arrive(ben, "phone")
    await cluster.flush()
    assert await here.look([some_id()]) == []  # nobody says offline of whom nobody knows
    found = await cluster.pass_time(60, here, there)
    assert sorted(turns(found.transitions, anna, ben)) == sorted([(anna, True), (ben, True)])
    assert [one.online for one in await here.look([anna, ben, some_id()])] == [True, True, False]


async def test_who_was_lost_together_with_their_node_is_seen_to_be_offline_after_a_lease(cluster: Cluster) -> None:
    here, dead, user = cluster.node(), cluster.node(), some_id()
    await dead.arrive(user, "phone")
    assert [one.online for one in await here.watch([user])] == [True]
    await cluster.flush()
    found = await cluster.pass_time(25, here)
    assert [one for one in found.sights if one.user == user] == []
    found = await cluster.pass_time(15, here)
    assert [one.online for one in found.sights if one.user == user] == [False]


async def test_what_a_shard_did_not_hear_is_said_when_it_is_back(cluster: Cluster) -> None:
    node, coming, going = cluster.node(), some_id(), some_id()
    await node.arrive(going, "phone")
    await cluster.pause(3)
    answers = await asyncio.gather(
        node.arrive(coming, "phone"), node.leave(going, "phone", grace_seconds=0), node.look([coming]), node.watch([going])
    )
    assert not any(answers)
    found: list[Transition] = []
    async with asyncio.timeout(30):
        while len(found) < 2:
            found += (await cluster.pass_time(0.1, node)).transitions
            await asyncio.sleep(0.1)
    assert sorted(turns(found, coming, going)) == sorted([(coming, True), (going, False)])
    assert [one.online for one in await node.look([coming, going])] == [True, False]


async def test_a_call_that_arrives_after_a_later_one_is_not_obeyed(cluster: Cluster) -> None:
    name, user = f"node-{some_id()}", some_id()
    node = cluster.node(name)
    await node.arrive(user, "phone")
    await node.leave(user, "phone", grace_seconds=0)
    shard = node._shards.of(user)
    await node._shards.run(shard, SAY, cluster.clock.now_ms(), 30_000, name, 1, user, HERE)
    assert not await is_online(node, user)


async def test_a_node_that_missed_an_answer_says_everything_again(cluster: Cluster) -> None:
    name, user = f"node-{some_id()}", some_id()
    node = cluster.node(name)
    await node.arrive(user, "phone")
    await node.sweep()
    await cluster.pause(3)
    assert await node.watch([user]) == []
    await asyncio.sleep(1.5)
    await cluster.flush()  # and what the answer said that did not come: say all again
    await node._shards.run(node._shards.of(user), SAY, cluster.clock.now_ms(), 30_000, name, 0)
    assert turns((await node.sweep()).transitions, user) == [(user, True)]


async def test_transitions_name_the_nodes_that_watch_and_live(cluster: Cluster) -> None:
    name, user = f"node-{some_id()}", some_id()
    node, watcher, dead = cluster.node(), cluster.node(name), cluster.node()
    await watcher.watch([user])
    await dead.watch([user])
    await cluster.pass_time(35, node, watcher)
    (transition,) = await node.arrive(user, "phone")
    assert transition.nodes == (name,)
    watcher.unwatch([user])
    await watcher.sweep()
    (transition,) = await node.leave(user, "phone", grace_seconds=0)
    assert transition.nodes == ()


async def test_news_come_with_the_sweep_until_they_were_told(cluster: Cluster) -> None:
    node, watcher, user = cluster.node(), cluster.node(), some_id()
    await watcher.watch([user])
    await watcher.sweep()
    await node.arrive(user, "phone")
    assert [one.online for one in (await watcher.sweep()).sights] == [True]
    await node.leave(user, "phone", grace_seconds=0)
    assert [one.online for one in (await watcher.sweep()).sights] == [False]
    assert (await watcher.sweep()).sights == []


async def test_by_the_shards_own_clock_a_dead_nodes_users_turn_offline_within_the_lease(cluster: Cluster) -> None:
    living, dead = (cluster.node(clock=None, lease_seconds=1) for _ in range(2))
    user = some_id()
    await dead.arrive(user, "phone")
    found: list[tuple[int, bool]] = []
    async with asyncio.timeout(30):
        while not found:
            await asyncio.sleep(0.1)
            found = turns((await living.sweep()).transitions, user)
    assert found == [(user, False)]


async def test_a_dead_node_used_its_devices_until_its_last_word(cluster: Cluster) -> None:
    east, west, user = cluster.node(), cluster.node(), some_id()
    east.note_use(user, 71, is_active=True)
    await east.sweep()
    died = cluster.clock.now_ms()
    await cluster.pass_time(20, west)
    (used,) = await west.last_used([user])
    assert used == {71: cluster.clock.now_ms()}, "it may still live"
    await cluster.pass_time(15, west)
    (used,) = await west.last_used([user])
    assert used in ({}, {71: died})


async def test_a_shard_that_lost_everything_is_told_again_what_is_in_use(cluster: Cluster) -> None:
    node, user = cluster.node(), some_id()
    node.note_use(user, 71, is_active=True)
    await node.sweep()
    await cluster.flush()
    for _ in range(3):
        await node.sweep()
    assert await node.last_used([user]) == [{71: cluster.clock.now_ms()}]
