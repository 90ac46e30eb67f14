"""The sequencer on Redis keeps the contract of its port, and what was acked when its shards forget, stand still or begin another life."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from chatsite.coordination.shards import Shards
from chatsite.core.errors import Unavailable
from messaging.protocol.types import Message
from messaging.stores.log.cassandra import CassandraMessageLog
from messaging.stores.sequencer.base import Duplicate, Head, MembersChanged, New, Pending, Unreachable
from messaging.stores.sequencer.redis import RedisSequencer
from tests.contracts.push_checks import PushCheckContract, claim, say
from tests.contracts.rig import Rig, draft, some_id, wish
from tests.contracts.sequencer import SequencerContract
from tests.messaging.redis_rig import frozen, rested
from tests.servers import Services

pytestmark = [pytest.mark.servers, pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")]


class SequencerRig(Rig):
    """The sequencer and the log it is seeded from."""

    sequencer: RedisSequencer
    log: CassandraMessageLog

    def __init__(self, coordination: dict[str, Any]) -> None:
        super().__init__()
        self.coordination = coordination

    async def open(self) -> None:
        self.sequencer = RedisSequencer(**self.coordination, due_ms=0, claimed_ms=0, clock=self.clock)
        self.log = CassandraMessageLog(**self.coordination["cassandra"])

    async def close(self) -> None:
        await self.sequencer.close()
        await self.log.close()

    def room_on(self, shard: int) -> int:
        while self.sequencer.lane_of(found := some_id()) != shard:
            pass
        return found

    async def empty(self, conversation: int) -> None:
        """The conversation's shard loses everything."""
        async with Redis.from_url(self.coordination["urls"][self.sequencer.lane_of(conversation)]) as client:
            await client.flushall()

    async def head(self, conversation: int) -> Head:
        (head,) = await self.sequencer.heads([conversation])
        return head

    async def texts(self, conversation: int) -> list[str]:
        """Of all released messages; a void is shown as such."""
        head = await self.head(conversation)
        page = await self.log.page(conversation, first=1, last=head.seq)
        assert [message.seq for message in page] == list(range(1, head.seq + 1))
        return [message.text if message.kind != "void" else "(void)" for message in page]


@pytest.fixture
async def rig(coordination: dict[str, Any]) -> AsyncIterator[SequencerRig]:
    rig = SequencerRig(coordination)
    await rig.open()
    yield rig
    await rig.close()


class TestSequencer(SequencerContract):
    remembered_max = 2_100


class TestPushChecks(PushCheckContract):
    @pytest.fixture(autouse=True)
    async def settle_all(self, rig: SequencerRig) -> None:
        """What other tests left behind, on whatever clock."""
        rig.clock.forward(10**7)
        while checks := await rig.sequencer.claim_push_checks(now=0, limit=1_000, visibility_ms=1):
            await rig.sequencer.settle_push_checks(checks)
        rig.clock.forward(-(10**7))


async def test_due_push_checks_do_not_wait_for_a_shard_that_is_away(rig: SequencerRig, cassandra: Services) -> None:
    here, away = rig.room_on(0), rig.room_on(1)
    await rig.send(say(here), say(away))
    rig.clock.forward(3)
    with frozen(cassandra, 1):
        claimed = await claim(rig, here, away, visibility_ms=1_000)
        await rig.sequencer.settle_push_checks(claimed)
    assert [check.conversation for check in claimed] == [here]
    await rested()
    rig.clock.forward(1)  # awake again, the shard did what it was asked, and hid the check from everybody
    assert [check.conversation for check in await claim(rig, here, away)] == [away]


@pytest.fixture
async def other_node(rig: SequencerRig) -> AsyncIterator[RedisSequencer]:
    """A sequencer that shares nothing with the rig's but the servers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Shards, "_open", {})
        sequencer = RedisSequencer(**rig.coordination, due_ms=0)
    yield sequencer
    await sequencer.close()


async def test_what_was_released_stands_after_the_shard_lost_everything(rig: SequencerRig) -> None:
    room = some_id()
    drafts = [draft(room, f"{number}") for number in range(5)]
    sent = await rig.send(*drafts)
    before = await rig.head(room)
    await rig.empty(room)
    after = await rig.head(room)
    assert (after.seq, after.mv, after.rev) == (before.seq, before.mv, before.rev)
    assert await rig.sequencer.allocate([wish(one) for one in drafts]) == [Duplicate(one.seq, one.sent_at) for one in sent]
    (more,) = await rig.send(draft(room, "more", after=5))
    assert more.seq == 6
    assert more.epoch > sent[-1].epoch
    assert more.sent_at > sent[-1].sent_at
    assert await rig.texts(room) == ["0", "1", "2", "3", "4", "more"]


async def test_a_conversation_of_several_partitions_is_seeded_from_its_end(rig: SequencerRig) -> None:
    room = some_id()
    await rig.send(*(draft(room, f"{number}") for number in range(2_100)))
    await rig.empty(room)
    assert (await rig.head(room)).seq == 2_100
    (more,) = await rig.send(draft(room, "more", after=2_100))
    assert more.seq == 2_101


async def test_the_membership_version_is_found_again(rig: SequencerRig) -> None:
    room = some_id()
    await rig.send(draft(room))
    change = draft(room, "", kind="event", event={"type": "joined", "user": "1"})
    (moved,) = await rig.sequencer.allocate([wish(change, sets_mv=True)])
    assert isinstance(moved, New)
    await rig.release([moved.message])
    await rig.empty(room)
    assert await rig.sequencer.allocate([wish(draft(room, after=2))]) == [MembersChanged(1)]
    assert (await rig.head(room)).mv == 1


async def test_what_was_numbered_and_never_stored_leaves_its_seq_to_the_next(rig: SequencerRig) -> None:
    room = some_id()
    await rig.send(draft(room, "kept"))
    await rig.number(draft(room, "lost"))
    await rig.empty(room)
    (following,) = await rig.send(draft(room, "next", after=1))
    assert following.seq == 2
    assert await rig.texts(room) == ["kept", "next"]


async def test_what_was_stored_and_not_committed_is_finished_and_recognised(rig: SequencerRig) -> None:
    room, wanted = some_id(), draft(some_id(), "stored")
    wanted = msgspec.structs.replace(wanted, conversation=room)
    await rig.send(draft(room, "kept"))
    (stored,) = await rig.number(wanted)
    await rig.log.store([stored])
    await rig.empty(room)
    assert await rig.texts(room) == ["kept", "stored"]
    (again,) = await rig.sequencer.allocate([wish(wanted)])
    assert isinstance(again, Duplicate)
    assert again.seq == stored.seq
    assert stored.seq in [message.seq for message in await rig.sequencer.owed(1_000) if message.conversation == room]


async def test_a_hole_becomes_a_void_for_good_and_a_late_row_does_not_count(rig: SequencerRig) -> None:
    room, slow = some_id(), draft(some_id(), "slow")
    slow = msgspec.structs.replace(slow, conversation=room)
    await rig.send(draft(room, "first"))
    late, third = await rig.number(slow, draft(room, "third"))
    await rig.log.store([third])
    await rig.empty(room)
    assert await rig.texts(room) == ["first", "(void)", "third"]
    await rig.log.store([late])
    assert await rig.texts(room) == ["first", "(void)", "third"]
    (again,) = await rig.send(slow)
    assert again.seq == 4
    await rig.empty(room)
    assert await rig.texts(room) == ["first", "(void)", "third", "slow"]


async def test_a_commit_of_an_earlier_life_is_not_known_and_moves_nothing(rig: SequencerRig) -> None:
    room, wanted = some_id(), draft(some_id(), "slow")
    wanted = msgspec.structs.replace(wanted, conversation=room)
    (numbered,) = await rig.number(wanted)
    await rig.empty(room)
    (other,) = await rig.send(draft(room, "quick"))
    assert await rig.sequencer.commit([numbered]) == [None]
    assert (await rig.head(room)).seq == other.seq == numbered.seq
    await rig.log.store([numbered])
    assert await rig.texts(room) == ["quick"]
    (again,) = await rig.send(wanted)
    assert again.seq == 2


async def test_two_nodes_number_one_conversation_together(rig: SequencerRig, other_node: RedisSequencer) -> None:
    room = some_id()
    wishes = [wish(draft(room)) for _ in range(40)]
    outcomes = await asyncio.gather(
        *((rig.sequencer if number % 2 else other_node).allocate([wanted]) for number, wanted in enumerate(wishes))
    )
    numbered = [outcome.message for (outcome,) in outcomes if isinstance(outcome, New)]
    assert sorted(message.seq for message in numbered) == list(range(1, 41))
    await rig.log.store(numbered)
    await asyncio.gather(
        *((rig.sequencer if number % 3 else other_node).commit([message]) for number, message in enumerate(numbered))
    )
    assert (await rig.head(room)).seq == 40
    assert await other_node.allocate(wishes[:1]) == [Duplicate(numbered[0].seq, numbered[0].sent_at)]


async def test_both_nodes_find_a_lost_shard_in_the_same_new_life(rig: SequencerRig, other_node: RedisSequencer) -> None:
    rooms = [rig.room_on(0) for _ in range(8)]
    for room in rooms:
        await rig.send(draft(room, "before"))
    await other_node.heads(rooms)
    await rig.empty(rooms[0])
    found = await asyncio.gather(*(node.heads(rooms) for node in (rig.sequencer, other_node) * 3))
    assert {tuple(head.seq for head in heads) for heads in found} == {(1,) * 8}
    (here,), (there,) = (
        await rig.sequencer.allocate([wish(draft(rooms[0], after=1))]),
        await other_node.allocate([wish(draft(rooms[0], after=1))]),
    )
    assert isinstance(here, New)
    assert isinstance(there, New)
    assert {here.message.seq, there.message.seq} == {2, 3}
    assert here.message.epoch == there.message.epoch


async def test_a_note_is_given_to_one_node_at_a_time(rig: SequencerRig, other_node: RedisSequencer) -> None:
    room = some_id()
    sent = await rig.send(*(draft(room) for _ in range(10)))
    claimed: list[Message] = []
    for _ in range(3):
        claimed += [message for message in await other_node.owed(1_000) if message.conversation == room]
    assert claimed == sent


async def test_a_frozen_shard_concerns_its_own_conversations_only(rig: SequencerRig, cassandra: Services) -> None:
    dead, alive = rig.room_on(0), rig.room_on(1)
    wanted = draft(dead)
    await rig.send(draft(dead), draft(alive))
    with frozen(cassandra, 0):
        refused, numbered = await rig.sequencer.allocate([wish(wanted), wish(draft(alive))])
        assert refused == Unreachable()
        assert isinstance(numbered, New)
        await rig.log.store([numbered.message])
        assert await rig.sequencer.commit([numbered.message]) == [2]
    await rested()
    (outcome,) = await rig.sequencer.allocate([wish(wanted)])
    assert isinstance(outcome, New | Pending)  # the frozen shard may have taken what we no longer waited for
    assert outcome.message.seq == 2


async def test_nothing_is_acknowledged_without_a_recent_look_at_the_table_of_lives(
    rig: SequencerRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, wanted = some_id(), draft(some_id())
    wanted = msgspec.structs.replace(wanted, conversation=room)
    (numbered,) = await rig.number(wanted)
    await rig.log.store([numbered])
    monkeypatch.setattr("chatsite.coordination.shards.LEASE_SECONDS", -1.0)
    assert await rig.sequencer.commit([numbered]) == [None]
    assert await rig.sequencer.allocate([wish(wanted)]) == [Unreachable()]
    with pytest.raises(Unavailable):  # nor read: a head of an earlier life may be higher than what stands
        await rig.sequencer.heads([room])
    monkeypatch.undo()
    assert await rig.sequencer.allocate([wish(wanted)]) == [Duplicate(numbered.seq, numbered.sent_at)]
