"""Sends of several nodes in one conversation: each finishes what another left, with what it knows of members, and answers everybody."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from chatsite.core.errors import Unavailable
from chatsite.edge.hub import Hub
from messaging.protocol.types import Message
from messaging.services.chat import Chat
from messaging.services.members import MemberCache
from messaging.services.membership import remove
from messaging.services.send import SendRoad
from messaging.stores.sequencer.base import Allocation, New
from tests.messaging.test_send_faults import unreliable
from tests.messaging.world import Unreliable, World

ANSWER_SECONDS = 10


@pytest.fixture
def other(world: World) -> Chat:
    """Another node: it has the same stores, and sockets and a memory of its own."""
    return replace(world.chat, node="node-2", hub=Hub(), members=MemberCache())


async def number(world: World, sender: int, room: int) -> Message:
    """What a node does that stops right after it."""
    draft = world.draft(sender, room, "slow")
    members = await world.chat.members.get(room)
    (outcome,) = await world.chat.sequencer.allocate([Allocation(draft, draft.digest, members.version)])
    assert isinstance(outcome, New)
    return outcome.message


async def test_a_send_repeated_on_a_node_with_old_members_reaches_those_of_its_own_time(world: World, other: Chat) -> None:
    anna, ben, carl, dora = await world.people(4)
    room = await world.group(anna, ben, carl)
    await other.members.get(room)
    await world.add(anna, room, dora)
    await remove(world.chat, world.road, by=anna, user=carl, conversation=room)
    cursors = {user: await world.chat.inbox.cursor(user) for user in (ben, carl, dora)}
    client_id = str(uuid4())
    unreliable(world, "log").fail("store", error=Unavailable())
    with pytest.raises(Unavailable):
        await world.say(anna, room, "again", client_id=client_id)
    road = SendRoad(other)
    sent = await road.submit(world.draft(anna, room, "again", client_id=client_id))
    await road.drain()
    assert await world.inbox_seqs(ben, room, cursors[ben]) == [sent.seq]
    assert await world.inbox_seqs(carl, room, cursors[carl]) == []
    assert await world.inbox_seqs(dora, room, cursors[dora]) == [sent.seq]


async def test_a_send_and_its_repetition_that_are_held_up_together_both_get_their_answer(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    await number(world, ben, room)
    client_id = str(uuid4())
    sends = [world.road.submit(world.draft(anna, room, client_id=client_id)) for _ in range(2)]
    async with asyncio.timeout(ANSWER_SECONDS):
        first, second = await asyncio.gather(*sends)
    assert (first.seq, second.seq) == (2, 2)


async def test_a_send_that_is_held_up_while_members_cannot_be_read_is_told_so(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    await number(world, ben, room)
    members = world.chat.members
    world.chat.members = Unreliable(members)  # type: ignore[assignment]
    world.chat.members.fail("get", error=RuntimeError("no database"))  # type: ignore[attr-defined]
    async with asyncio.timeout(ANSWER_SECONDS):
        with pytest.raises(Unavailable):
            await world.say(anna, room)
    world.chat.members = members
    async with asyncio.timeout(ANSWER_SECONDS):
        assert (await world.say(anna, room)).seq == 3
