"""The inbox on Redis keeps the contract of its port, and what only several nodes and shards can ask of it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chatsite.coordination.shards import Shards
from chatsite.core.errors import Unavailable
from messaging.stores.inbox import places
from messaging.stores.inbox.base import Acknowledgement, Lost, Reach, Slice, Spread
from messaging.stores.inbox.redis import RedisInbox
from tests.contracts.inbox import InboxContract, message, put, read, told
from tests.contracts.rig import some_id
from tests.messaging.redis_rig import RedisRig, frozen, full, rested
from tests.servers import Services

# The driver keeps a socket of its log messages in the loop, and leaves it to the loop's end.
pytestmark = [pytest.mark.servers, pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")]


@pytest.fixture
async def rig(coordination: dict[str, Any]) -> AsyncIterator[RedisRig]:
    rig = RedisRig(coordination)
    await rig.open()
    yield rig
    await rig.close()


@pytest.fixture
async def other_node(rig: RedisRig) -> AsyncIterator[RedisInbox]:
    """An inbox that shares nothing with the rig's but the servers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Shards, "_open", {})
        inbox = RedisInbox(**rig.coordination, clock=rig.clock)
    yield inbox
    await inbox.close()


class TestInbox(InboxContract):
    pass


async def test_what_one_node_spreads_the_other_reads_and_both_are_named(rig: RedisRig, other_node: RedisInbox) -> None:
    user, room = some_id(), some_id()
    await rig.inbox.register(user, "one")
    await other_node.register(user, "two")
    cursor = await other_node.cursor(user)
    (reach,) = await rig.inbox.spread([Spread(message(room, 1), (user,))])
    assert set(reach.nodes) == {"one", "two"}
    piece = await other_node.read(user, cursor=cursor, limit=10)
    assert isinstance(piece, Slice)
    assert told(piece) == [("message", room, 1)]
    assert piece.cursor == await rig.inbox.cursor(user)


async def test_a_node_learns_by_refreshing_what_another_put_into_its_users_inboxes(rig: RedisRig, other_node: RedisInbox) -> None:
    users = [rig.id_on(shard) for shard in (0, 1)]
    for user in users:
        await other_node.register(user, "two")
    before = [await other_node.cursor(user) for user in users]
    await rig.inbox.spread([Spread(message(1, 1), tuple(users))])
    assert [await other_node.cursor(user) for user in users] == before
    await other_node.refresh(fully=True)
    assert [await other_node.cursor(user) for user in users] == [await rig.inbox.cursor(user) for user in users] != before


async def test_the_cursor_of_somebody_connected_here_costs_no_question(rig: RedisRig, cassandra: Services) -> None:
    user = rig.id_on(1)
    await rig.inbox.register(user, "one")
    cursor = await rig.inbox.cursor(user)
    with frozen(cassandra, 1):
        assert await rig.inbox.cursor(user) == cursor


async def test_a_shard_that_is_away_keeps_no_other_inbox_from_its_entry(rig: RedisRig, cassandra: Services) -> None:
    here, away, room = rig.id_on(0), rig.id_on(1), some_id()
    await rig.inbox.register(here, "one")
    cursor = await rig.inbox.cursor(here)
    spreads = [Spread(message(room, 1), (here, away)), Spread(message(room, 2), (here,))]
    with frozen(cassandra, 1):
        assert await rig.inbox.spread(spreads) == [Reach(("one",), complete=False), Reach(("one",))]
        assert await rig.inbox.nodes_of([here, away]) == ("one",)
        await rig.inbox.acknowledge([Acknowledgement(away, room, 2), Acknowledgement(here, room, 1)])
        assert await rig.inbox.acknowledged([here], room) == [1]
        with pytest.raises(Unavailable):
            await rig.inbox.acknowledged([away, here], room)
        await rig.inbox.unregister(away, "one")
    await rested()
    assert told(await read(rig, here, cursor)) == [("message", room, 1), ("message", room, 2)]
    assert (await rig.inbox.spread(spreads))[0].complete


async def test_a_shard_without_memory_is_as_good_as_away(rig: RedisRig) -> None:
    here, there, room = rig.id_on(0), rig.id_on(1), some_id()
    new, cursor = rig.id_on(1), await rig.inbox.cursor(there)
    async with full(rig.coordination, 1):
        spreads = [Spread(message(room, 1), (here, there)), Spread(message(room, 1), (new,)), Spread(message(room, 2), (here,))]
        assert [reach.complete for reach in await rig.inbox.spread(spreads)] == [False, False, True]
        assert (await read(rig, there, cursor)).entries == []
    assert (await rig.inbox.spread(spreads))[0].complete
    assert told(await read(rig, there, cursor)) == [("message", room, 1)]


async def test_a_shard_that_lost_everything_is_told_to_its_users_as_lost_and_to_others_as_renewed(
    rig: RedisRig, other_node: RedisInbox
) -> None:
    here, lost, room = rig.id_on(0), rig.id_on(1), some_id()
    await put(rig, here, message(room, 1))
    await put(rig, lost, message(room, 1))
    cursors = {user: await rig.inbox.cursor(user) for user in (here, lost)}
    await rig.empty(1)
    await put(rig, lost, message(room, 2))  # whoever comes first begins the shard's new life
    for inbox in (rig.inbox, other_node):
        answer = await inbox.read(lost, cursor=cursors[lost], limit=10)
        assert isinstance(answer, Lost)
        assert answer.reason == "epoch"
    piece = await other_node.read(here, cursor=cursors[here], limit=10)
    assert isinstance(piece, Slice)
    assert (piece.entries, piece.renewed) == ([], (1,))
    again = await other_node.read(here, cursor=piece.cursor, limit=10)
    assert isinstance(again, Slice)
    assert again.renewed == ()


async def test_what_a_lost_cursor_is_replaced_by_holds(rig: RedisRig, other_node: RedisInbox) -> None:
    user, room = rig.id_on(1), some_id()
    cursor = await rig.inbox.cursor(user)
    await rig.empty(1)
    await put(rig, user, message(room, 1))
    lost = await other_node.read(user, cursor=cursor, limit=10)
    assert isinstance(lost, Lost)
    await put(rig, user, message(room, 2))
    piece = await other_node.read(user, cursor=lost.cursor, limit=10)
    assert isinstance(piece, Slice)
    assert told(piece) == [("message", room, 2)]


async def test_refreshing_brings_registrations_back_that_a_shard_lost(rig: RedisRig) -> None:
    users = [rig.id_on(1) for _ in range(500)]
    await asyncio.gather(*(rig.inbox.register(user, "one") for user in users))
    await rig.inbox.refresh()
    gone = users.pop()
    await rig.inbox.unregister(gone, "one")
    await rig.empty(1)
    assert await rig.inbox.nodes_of(users) == ()
    await rig.inbox.refresh()  # it is not its time yet, but for what was lost
    assert {reach.nodes for reach in await rig.inbox.spread([Spread(message(1, 1), (user,)) for user in users])} == {("one",)}
    assert await rig.inbox.nodes_of([gone]) == ()


async def test_refreshing_goes_on_with_other_shards_while_one_is_away(
    rig: RedisRig, other_node: RedisInbox, cassandra: Services
) -> None:
    here, away = rig.id_on(0), rig.id_on(1)
    for user in (away, here):
        await other_node.register(user, "two")
    before = await other_node.cursor(here)
    await put(rig, here, message(1, 1))
    with frozen(cassandra, 1), pytest.raises(Unavailable):
        await other_node.refresh()
    assert await other_node.cursor(here) == await rig.inbox.cursor(here) != before
    await rested()
    await put(rig, away, message(1, 1))
    await other_node.refresh()  # what failed is asked again
    assert await other_node.cursor(away) == await rig.inbox.cursor(away)


async def test_a_refresh_before_its_time_asks_nobody(rig: RedisRig, cassandra: Services) -> None:
    for user in (rig.id_on(0), rig.id_on(1)):
        await rig.inbox.register(user, "one")
    await rig.inbox.refresh()
    with frozen(cassandra, 1):
        await rig.inbox.refresh()


async def test_a_heartbeat_brings_a_registration_back_that_a_shard_lost(rig: RedisRig) -> None:
    user = rig.id_on(1)
    await rig.inbox.register(user, "one")
    before = await rig.inbox.cursor(user)
    await rig.empty(1)
    await put(rig, rig.id_on(1), message(1, 1))
    while await rig.inbox.cursor(user) == before:  # until the table of lives is read again
        await rested()
    assert await rig.inbox.nodes_of([user]) == ("one",)


async def test_a_dead_node_is_forgotten_when_its_user_connects_elsewhere(rig: RedisRig, other_node: RedisInbox) -> None:
    user = some_id()
    dead = RedisInbox(**rig.coordination, clock=rig.clock, node_seconds=0.2)
    await dead.register(user, "dead")
    await other_node.register(user, "two")
    assert set(await rig.inbox.nodes_of([user])) == {"dead", "two"}
    await rested()
    await other_node.refresh()
    assert await rig.inbox.nodes_of([user]) == ("two",)
    await dead.close()


async def test_a_registration_that_nobody_repeats_fades(rig: RedisRig, monkeypatch: pytest.MonkeyPatch) -> None:
    user = some_id()
    monkeypatch.setattr(places, "REGISTRATION_SECONDS", 1)
    await rig.inbox.register(user, "one")
    for _ in range(4):
        await rested()
    assert await rig.inbox.nodes_of([user]) == ()


async def test_positions_rise_though_the_clock_of_a_node_is_an_hour_behind(rig: RedisRig) -> None:
    user, room = some_id(), some_id()
    cursor = await rig.inbox.cursor(user)
    await put(rig, user, message(room, 1))
    rig.clock.forward(-3_600)
    await put(rig, user, message(room, 2), message(room, 3))
    assert told(await read(rig, user, cursor)) == [("message", room, seq) for seq in (1, 2, 3)]


async def test_by_the_shards_own_clock_it_is_the_same_for_all_nodes(rig: RedisRig) -> None:
    user, room = some_id(), some_id()
    inbox = RedisInbox(**rig.coordination)
    cursor = await inbox.cursor(user)
    await inbox.spread([Spread(message(room, 1), (user,))])
    piece = await inbox.read(user, cursor=cursor, limit=10)
    assert isinstance(piece, Slice)
    assert told(piece) == [("message", room, 1)]
    await inbox.close()


async def test_an_inbox_that_nobody_trims_is_bounded_all_the_same(rig: RedisRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("messaging.stores.inbox.redis.ENTRIES_MAX", 200)
    user, room = some_id(), some_id()
    cursor = await rig.inbox.cursor(user)
    await put(rig, user, *(message(room, seq) for seq in range(1, 1_001)))
    assert isinstance(await rig.inbox.read(user, cursor=cursor, limit=1_000), Lost)
    oldest = await rig.inbox.cursor(user)
    await put(rig, user, *(message(room, seq) for seq in range(1, 151)))
    assert len((await read(rig, user, oldest)).entries) == 150


async def test_of_several_nodes_one_trims(rig: RedisRig, other_node: RedisInbox) -> None:
    user, room = some_id(), some_id()
    cursor = await rig.inbox.cursor(user)
    await other_node.trim(keep_entries=5_000, keep_after=0)
    await put(rig, user, *(message(room, seq) for seq in range(1, 6)))
    await other_node.trim(keep_entries=2, keep_after=0)  # it was done a moment ago
    assert len((await read(rig, user, cursor)).entries) == 5
