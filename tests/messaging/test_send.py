"""The road of a message: order, one message per client id, and who may speak."""

import asyncio
from uuid import uuid4

import pytest
from django.utils import translation

from chatsite.core.errors import Conflict, Invalid, NotAMember
from messaging.protocol.types import Draft
from messaging.services.chat import Chat
from messaging.services.drafts import check_draft
from messaging.services.members import Members
from messaging.services.membership import leave, remove
from messaging.services.receipts import mark_read
from messaging.stores.sequencer.base import Head
from tests.messaging.world import World, dense


async def test_a_message_is_acked_stored_told_and_in_every_inbox(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    screen, cursor = await world.screen(ben), await world.chat.inbox.cursor(ben)
    sent = await world.say(anna, room, "hello")
    assert (sent.seq, sent.duplicate) == (1, False)
    (message,) = await world.log(room)
    assert (message.sender, message.text, message.sent_at) == (anna, "hello", sent.sent_at)
    await world.road.drain()
    (frame,) = screen.of_type("message")
    assert (frame["conversation"], frame["head"], frame["message"]["text"]) == (str(room), 1, "hello")
    assert await world.inbox_seqs(ben, room, cursor) == [1]
    assert await world.chat.sequencer.owed(10, "all") == []


async def test_the_socket_that_sent_gets_the_ack_and_the_senders_other_device_the_message(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    phone, tablet = await world.screen(anna), await world.screen(anna)
    await world.road.submit(world.draft(anna, room), origin=phone)
    await world.road.drain()
    assert (phone.seqs(), tablet.seqs()) == ([], [1])


async def test_the_sends_of_one_caller_keep_their_order(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    futures = [world.road.submit(world.draft(anna, room, f"{number}")) for number in range(200)]
    sent = await asyncio.gather(*futures)
    assert dense([one.seq for one in sent])
    assert [message.text for message in await world.log(room)] == [f"{number}" for number in range(200)]


async def test_many_senders_share_one_dense_order_that_everybody_sees(world: World) -> None:
    people = await world.people(6)
    room = await world.group(*people)
    screens = [await world.screen(person) for person in people for _ in range(2)]
    start = (await world.chat.sequencer.heads([room]))[0].seq
    await asyncio.gather(*(world.say(person, room, f"{number}") for number in range(20) for person in people))
    await world.road.drain()
    log = await world.log(room)
    assert dense([message.seq for message in log])
    for screen in screens:
        assert screen.seqs() == list(range(start + 1, len(log) + 1))
    for person in people:
        mine = [int(message.text) for message in log if message.sender == person and message.kind == "text"]
        assert mine == list(range(20))


async def test_order_holds_while_membership_changes_in_between(world: World) -> None:
    anna, ben, carl = await world.people(3)
    room = await world.group(anna, ben)
    futures = []

    async def talk() -> None:
        for number in range(60):
            futures.append(world.road.submit(world.draft(ben, room, f"{number}")))
            await asyncio.sleep(0.001)

    async def come_and_go() -> None:
        for _ in range(3):
            await world.add(anna, room, carl)
            await leave(world.chat, world.road, user=carl, conversation=room)

    await asyncio.gather(talk(), come_and_go())
    sent = await asyncio.gather(*futures)
    assert [one.seq for one in sent] == sorted(one.seq for one in sent)
    assert dense([message.seq for message in await world.log(room)])


async def test_the_same_client_id_always_has_the_first_seq(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    client_id = str(uuid4())
    first = await world.say(anna, room, "once", client_id=client_id)
    await world.say(ben, room)
    again = await world.say(anna, room, "once", client_id=client_id)
    await world.crash()
    after_restart = await world.say(anna, room, "once", client_id=client_id.upper())
    assert {(one.seq, one.sent_at) for one in (first, again, after_restart)} == {(1, first.sent_at)}
    assert [one.duplicate for one in (first, again, after_restart)] == [False, True, True]
    assert [message.text for message in await world.log(room)] == ["once", "hello"]


async def test_two_sends_of_one_client_id_at_once_are_one_message(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    client_id = str(uuid4())
    sent = await asyncio.gather(*(world.say(anna, room, "once", client_id=client_id) for _ in range(5)))
    assert {one.seq for one in sent} == {1}
    assert len({one.sent_at for one in sent}) == 1
    assert [message.text for message in await world.log(room)] == ["once"]


async def test_a_client_id_is_recognised_below_hundreds_of_newer_messages(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    client_id = str(uuid4())
    await world.say(anna, room, "old", client_id=client_id, after=0)
    for _ in range(8):
        await asyncio.gather(*(world.say(ben, room) for _ in range(100)))
    for restart in (False, True):
        if restart:
            await world.crash()
        again = await world.say(anna, room, "old", client_id=client_id, after=0)
        without_after = await world.say(anna, room, "old", client_id=client_id)
        assert [(one.seq, one.duplicate) for one in (again, without_after)] == [(1, True), (1, True)]
        with pytest.raises(Conflict):
            await world.say(anna, room, "new", client_id=client_id, after=0)


async def test_a_device_that_lies_about_after_makes_no_hole(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    client_id = str(uuid4())
    await world.say(anna, room, "old", client_id=client_id)
    for _ in range(8):
        await asyncio.gather(*(world.say(ben, room) for _ in range(100)))
    await world.say(anna, room, "old", client_id=client_id, after=2**53)
    seqs = [message.seq for message in await world.log(room)]
    assert dense(seqs)
    await world.crash()
    assert (await world.say(ben, room)).seq == len(seqs) + 1


async def test_a_client_id_with_another_body_is_a_conflict(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    client_id = str(uuid4())
    first, other = await asyncio.gather(
        world.say(anna, room, "one", client_id=client_id),
        world.say(anna, room, "two", client_id=client_id),
        return_exceptions=True,
    )
    assert getattr(first, "seq", None) == 1
    assert isinstance(other, Conflict)
    assert (await world.say(ben, room, "two", client_id=client_id)).seq == 2
    assert (await world.chat.sequencer.heads([room]))[0].seq == 2


@pytest.mark.parametrize("who", ["stranger", "invited", "removed", "left"])
async def test_who_is_not_in_cannot_speak(world: World, who: str) -> None:
    anna, ben, other = await world.people(3)
    room = await world.group(anna, ben)
    if who != "stranger":
        await world.invite(anna, room, other)
    if who in {"removed", "left"}:
        await world.add(anna, room, other)
    if who == "removed":
        await remove(world.chat, world.road, by=anna, user=other, conversation=room)
    if who == "left":
        await leave(world.chat, world.road, user=other, conversation=room)
    before = len(await world.log(room))
    with pytest.raises(NotAMember):
        await world.say(other, room)
    assert len(await world.log(room)) == before


async def test_a_conversation_that_is_not_there_is_nobodys(world: World) -> None:
    anna = await world.person()
    with pytest.raises(NotAMember):
        await world.say(anna, 12345)
    assert await world.chat.sequencer.heads([12345]) == [Head()]


async def test_a_reply_is_to_something_one_can_see(world: World) -> None:
    anna, ben, carl = await world.people(3)
    room = await world.group(anna, ben)
    said = await world.say(anna, room)
    await world.add(anna, room, carl)
    assert (await world.say(ben, room, reply_to=said.seq)).seq
    for seq in (said.seq, 99, 2**53):
        with pytest.raises(Invalid) as refusal:
            await world.say(carl, room, reply_to=seq)
        assert refusal.value.field == "reply_to"


async def test_only_members_can_be_mentioned(world: World) -> None:
    anna, ben, carl = await world.people(3)
    room = await world.group(anna, ben)
    assert (await world.say(anna, room, mentions=[str(ben), str(ben)])).seq
    assert (await world.log(room))[-1].mentions == (ben,)
    for user in (carl, 12345):
        with pytest.raises(Invalid) as refusal:
            await world.say(anna, room, mentions=[str(user)])
        assert refusal.value.field == "mentions"


async def test_sending_marks_what_came_before_as_read(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    await world.say(anna, room)
    sent = await world.say(ben, room)
    await world.road.drain()
    (mark,) = await world.chat.receipts.of_user(ben, [room])
    assert mark.read == sent.seq
    await mark_read(world.chat, world.buffer, reader=ben, device=1, conversation=room, upto=1)
    assert (await world.chat.receipts.of_user(ben, [room]))[0].read == sent.seq


async def test_a_refused_send_takes_no_seq_and_holds_up_nobody(world: World) -> None:
    anna, ben, stranger = await world.people(3)
    room = await world.direct(anna, ben)
    outcomes = await asyncio.gather(
        world.say(stranger, room),
        world.say(anna, room),
        world.say(anna, room, reply_to=50),
        world.say(ben, room),
        return_exceptions=True,
    )
    assert [getattr(outcome, "seq", type(outcome)) for outcome in outcomes] == [NotAMember, 1, Invalid, 2]


async def test_a_refusal_speaks_the_language_of_whoever_is_refused(world: World) -> None:
    """Both go in one batch, whoever's task carries it."""
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    await world.say(anna, room)

    async def detail_in(language: str) -> object:
        with translation.override(language):
            try:
                await world.say(ben, room, reply_to=99)
            except Invalid as refusal:
                return refusal.as_dict()["detail"]
        return None

    english, chinese = await asyncio.gather(detail_in("en"), detail_in("zh-hans"))
    assert english == "There is no such message to reply to"
    assert chinese != english


async def test_what_was_queued_when_its_members_were_forgotten_is_not_overtaken_by_what_came_then(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    await world.say(anna, room)
    earlier = world.road.submit(world.draft(anna, room, "earlier"))
    world.chat.members.forget(room)
    later = world.road.submit(world.draft(anna, room, "later"))
    assert [(await send).seq for send in (earlier, later)] == [2, 3]


async def test_members_that_go_stale_in_the_middle_of_a_batch_let_nobody_overtake(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    await world.say(anna, room, "first")
    members, peeks = world.chat.members, 0

    async def forget_then_check(chat: Chat, draft: Draft, known: Members) -> None:
        """The entry goes while the first of the batch is checked, and is loaded again before the last is."""
        nonlocal peeks
        peeks += 1
        if peeks == 1:
            members.forget(room)
        await asyncio.sleep(0.05)
        await check_draft(chat, draft, known)

    monkeypatch.setattr("messaging.services.lane.check_draft", forget_then_check)
    other = await world.direct(anna, (await world.people(1))[0])
    await members.get(other)
    drafts = [world.draft(anna, other if number == 2 else room, f"{number}") for number in range(5)]
    sent = await asyncio.gather(*(world.road.submit(draft) for draft in drafts))
    assert [one.seq for one in sent if one.conversation == room] == sorted(one.seq for one in sent if one.conversation == room)
