"""What contacts, blocks and privacy change for messages, receipts, typing and groups; and how fast they do."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.db import OperationalError
from django.utils import timezone, translation

from accounts.models import User
from accounts.services import contacts, ties
from accounts.services.privacy import change_privacy
from chatsite.core.errors import ChatsiteError, Forbidden, NotAMember, NotFound, Unavailable
from chatsite.edge.layer import LocalLayer
from messaging.services.conversations import create_group, find_people, open_direct
from messaging.services.listing import read_entry
from messaging.services.membership import decline
from messaging.services.people import Surroundings
from messaging.services.receipts import flush_receipts, list_marks, mark_read
from messaging.services.sync import sync
from messaging.services.ties import Ties
from messaging.services.typing import show_typing
from presence.services.online import Online
from presence.stores.memory import MemoryPresence
from tests.messaging.test_send_faults import unreliable
from tests.messaging.world import World


@pytest.fixture
def bonds(world: World) -> Ties:
    circle = Surroundings(world.chat)
    online = Online(MemoryPresence(clock=world.clock), node=world.chat.node, layer=LocalLayer(), circle=circle)
    return Ties(world.chat, online)


async def set_privacy(user: int, **settings: str) -> None:
    await database_sync_to_async(change_privacy)(await User.objects.aget(id=user), settings)


async def become_contacts(bonds: Ties, one: int, other: int) -> None:
    await bonds.change(contacts.ask, one, await User.objects.aget(id=other))
    await bonds.change(contacts.accept, other, one)


async def refusal(world: World, sender: int, conversation: int) -> tuple[str, str]:
    with pytest.raises(ChatsiteError) as refused:
        await world.say(sender, conversation)
    with translation.override("en"):
        return refused.value.code, refused.value.detail


async def test_a_blocked_person_is_refused_as_a_stranger_is(world: World, bonds: Ties) -> None:
    anna, ben, carl = await world.people(3)
    with_ben, with_carl = await world.direct(ben, anna), await world.direct(carl, anna)
    await world.say(ben, with_ben)
    await bonds.change(contacts.block, anna, ben)
    blocked = await refusal(world, ben, with_ben)
    await bonds.change(contacts.unblock, anna, ben)
    await set_privacy(anna, messages_from="contacts")
    await bonds.follow()
    assert await refusal(world, carl, with_carl) == blocked == ("forbidden", "This person does not take messages from you")
    assert await refusal(world, ben, with_ben) == blocked
    await become_contacts(bonds, anna, ben)
    assert (await world.say(ben, with_ben)).seq == 2


async def test_who_blocked_is_told_why_they_cannot_write(world: World, bonds: Ties) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    await bonds.change(contacts.block, anna, ben)
    assert await refusal(world, anna, room) == ("forbidden", "You have blocked this person")
    await bonds.change(contacts.block, ben, anna)
    assert await refusal(world, anna, room) == ("forbidden", "You have blocked this person")
    await bonds.change(contacts.unblock, anna, ben)
    assert await refusal(world, anna, room) == ("forbidden", "This person does not take messages from you")


async def test_whoever_takes_no_strangers_hears_the_answer_to_what_they_began(world: World) -> None:
    anna, ben = await world.people(2)
    await set_privacy(anna, messages_from="contacts")
    room = await world.direct(anna, ben)
    await world.say(anna, room)
    assert (await world.say(ben, room)).seq == 2


async def test_no_conversation_is_opened_with_who_does_not_want_it(world: World, bonds: Ties) -> None:
    anna, ben, carl = await world.people(3)
    await bonds.change(contacts.block, anna, ben)
    await set_privacy(anna, messages_from="contacts")
    for opener, refused in ((ben, NotFound), (carl, Forbidden)):
        with pytest.raises(refused):
            await open_direct(world.chat, opener=opener, username=await world.username(anna))
    with pytest.raises(NotFound):
        await open_direct(world.chat, opener=anna, username=await world.username(ben))


async def test_the_conversation_of_before_stays_readable_for_both(world: World, bonds: Ties) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    await world.say(anna, room)
    await bonds.change(contacts.block, anna, ben)
    for opener, other in ((anna, ben), (ben, anna)):
        found = await open_direct(world.chat, opener=opener, username=await world.username(other))
        assert found.conversation == room
        assert (await read_entry(world.chat, user=opener, conversation=room))["head"] == 1


async def test_a_block_hides_receipts_and_typing_both_ways(world: World, bonds: Ties) -> None:
    anna, ben, carl = await world.people(3)
    room, group = await world.direct(anna, ben), await world.group(carl, anna, ben)
    sent, in_group = await world.say(anna, room), await world.say(carl, group)
    await bonds.change(contacts.block, anna, ben)
    screens = {user: await world.screen(user) for user in (anna, ben, carl)}
    for reader in (anna, ben):
        for conversation, seq in ((room, sent.seq), (group, in_group.seq)):
            await mark_read(world.chat, world.buffer, reader=reader, device=1, conversation=conversation, upto=seq)
    await flush_receipts(world.chat, world.buffer)
    told = {
        user: {mark["user"] for frame in screen.of_type("receipt") for mark in frame["marks"]} for user, screen in screens.items()
    }
    assert str(ben) not in told[anna]
    assert str(anna) not in told[ben]
    assert {str(anna), str(ben)} <= told[carl]
    for conversation in (room, group):
        for reader, other in ((anna, ben), (ben, anna)):
            assert other not in {mark.user for mark in await list_marks(world.chat, reader=reader, conversation=conversation)}
    assert (await read_entry(world.chat, user=anna, conversation=room))["others_read"] == 0
    await show_typing(world.chat, user=ben, conversation=group)
    with pytest.raises(Forbidden):
        await show_typing(world.chat, user=ben, conversation=room)
    assert [len(screens[user].of_type("typing")) for user in (anna, ben, carl)] == [0, 0, 1]


async def test_a_block_does_not_divide_a_group(world: World, bonds: Ties) -> None:
    anna, ben = await world.people(2)
    group = await world.group(anna, ben)
    await bonds.change(contacts.block, ben, anna)
    screen = await world.screen(ben)
    sent = await world.say(anna, group)
    await world.road.drain()
    assert screen.seqs() == [sent.seq]


async def test_what_a_device_missed_holds_no_hidden_receipt(world: World, bonds: Ties) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    cursor = await world.chat.inbox.cursor(anna)
    sent = await world.say(anna, room)
    await mark_read(world.chat, world.buffer, reader=ben, device=1, conversation=room, upto=sent.seq)
    await world.road.drain()
    await bonds.change(contacts.block, ben, anna)
    synced: Any = await sync(world.chat, user=anna, cursor=cursor)
    assert [mark.user for placed in synced.receipts for mark in placed.marks] == [str(anna)]


async def test_contacts_are_added_to_groups_and_strangers_invited(world: World, bonds: Ties) -> None:
    anna, ben, carl, dora = await world.people(4)
    await become_contacts(bonds, anna, ben)
    await become_contacts(bonds, anna, carl)
    await set_privacy(carl, groups_from="nobody")
    screen = await world.screen(ben)
    names = [await world.username(user) for user in (ben, carl, dora)]
    group = (await create_group(world.chat, world.road, creator=anna, title="Walks", usernames=names)).conversation
    await world.road.drain()
    states = {user: (member.state, member.spans) for user, member in (await world.members(group)).by_user.items()}
    assert states == {
        anna: ("joined", ((1, None),)), ben: ("joined", ((2, None),)), carl: ("invited", ()), dora: ("invited", ()),
    }  # fmt: skip
    assert [message.event for message in await world.log(group)][1] == {
        "type": "added", "users": [str(ben)], "by": str(anna), "version": 2,
    }  # fmt: skip
    (told,) = [frame for frame in screen.of_type("message") if frame["conversation"] == str(group)]
    assert told["message"]["event"]["type"] == "added"
    shown = screen.of_type("conversation")[-1]["conversation"]
    assert next(member["state"] for member in shown["members"] if member["user"]["id"] == str(ben)) == "joined"
    sent = await world.say(anna, group)
    await world.road.drain()
    assert screen.seqs()[-1] == sent.seq


async def test_several_contacts_are_added_by_one_message(world: World, bonds: Ties) -> None:
    anna, *friends = await world.people(4)
    for friend in friends:
        await become_contacts(bonds, anna, friend)
    group = await world.group(anna)
    members = await world.invite(anna, group, *friends)
    assert set(members.joined) == {anna, *friends}
    assert [message.event["type"] for message in await world.log(group) if message.event] == ["created", "added"]


async def test_who_declines_while_being_added_is_not_in(world: World, bonds: Ties, monkeypatch: pytest.MonkeyPatch) -> None:
    anna, ben, carl = await world.people(3)
    await become_contacts(bonds, anna, ben)
    await become_contacts(bonds, anna, carl)
    group = await world.group(anna)

    def willing_then_not(adder: int, people: Collection[int]) -> list[int]:
        from asgiref.sync import async_to_sync  # noqa: PLC0415

        async_to_sync(decline)(world.chat, user=ben, conversation=group)
        return [ben, carl]

    monkeypatch.setattr("messaging.services.membership.who_lets_add", willing_then_not)
    members = await world.invite(anna, group, ben, carl)
    assert {user: member.state for user, member in members.by_user.items()} == {anna: "joined", ben: "declined", carl: "invited"}


async def test_who_blocked_is_not_found_to_be_invited(world: World, bonds: Ties) -> None:
    anna, ben = await world.people(2)
    await bonds.change(contacts.block, ben, anna)
    with pytest.raises(NotFound) as refused:
        await database_sync_to_async(find_people)([await world.username(ben)], but=anna)
    with translation.override("en"):
        assert refused.value.detail == f"Nobody here is called {await world.username(ben)}"


async def test_whom_it_concerns_is_told_on_every_device_and_later(world: World, bonds: Ties) -> None:
    anna, ben, carl = await world.people(3)
    screens = [await world.screen(user) for user in (anna, ben, carl)]
    cursor = await world.chat.inbox.cursor(ben)
    await bonds.change(contacts.ask, anna, await User.objects.aget(id=ben))
    assert [len(screen.of_type("contacts")) for screen in screens] == [1, 1, 0]
    missed: Any = await sync(world.chat, user=ben, cursor=cursor)
    assert (missed.contacts, missed.conversations) == (True, [])
    after: Any = await sync(world.chat, user=ben, cursor=missed.cursor)
    assert after.contacts is False
    await bonds.change(contacts.ask, anna, await User.objects.aget(id=ben))
    assert len(screens[0].of_type("contacts")) == 1


async def test_a_no_is_told_to_nobody_else(world: World, bonds: Ties) -> None:
    anna, ben = await world.people(2)
    await bonds.change(contacts.ask, anna, await User.objects.aget(id=ben))
    screens = [await world.screen(user) for user in (anna, ben)]
    await bonds.change(contacts.decline, ben, anna)
    assert [len(screen.of_type("contacts")) for screen in screens] == [0, 1]


async def test_what_another_process_changed_holds_once_it_was_looked_for(world: World, bonds: Ties) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    await world.say(ben, room)
    assert world.chat.members.peek(room) is not None
    await database_sync_to_async(contacts.block)(anna, ben)
    await bonds.follow()
    assert world.chat.members.peek(room) is None
    with pytest.raises(Forbidden):
        await world.say(ben, room)
    await world.chat.members.get(room)
    await bonds.follow()
    assert world.chat.members.peek(room) is None, "it may have been read while it changed"
    await User.objects.filter(id__in=(anna, ben)).aupdate(ties_changed_at=timezone.now() - timedelta(seconds=10))
    await bonds.follow()
    await world.chat.members.get(room)
    await bonds.follow()
    assert world.chat.members.peek(room) is not None, "what was followed is not followed for ever"


async def test_a_failure_while_following_is_followed_again(world: World, bonds: Ties, monkeypatch: pytest.MonkeyPatch) -> None:
    anna, ben = await world.people(2)
    await world.direct(anna, ben)
    screen = await world.screen(ben)
    await bonds._online.arrive(anna, "phone")
    await bonds._online.watch(screen, [anna])
    await database_sync_to_async(contacts.block)(anna, ben)
    await User.objects.filter(id__in=(anna, ben)).aupdate(ties_changed_at=timezone.now() - timedelta(seconds=10))

    async def fail(*_: object) -> None:
        raise OperationalError

    with monkeypatch.context() as patched:
        patched.setattr(bonds._online, "recheck", fail)
        with pytest.raises(OperationalError):
            await bonds.follow()
    await bonds.follow()
    assert [frame["users"][0]["online"] for frame in screen.of_type("presence")] == [False]


async def test_a_change_holds_even_if_nobody_can_be_told(world: World, bonds: Ties) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    unreliable(world, "inbox").fail("spread", error=Unavailable())
    await bonds.change(contacts.block, anna, ben)
    with pytest.raises(Forbidden):
        await world.say(ben, room)


async def test_watchers_stop_seeing_who_blocks_them(world: World, bonds: Ties) -> None:
    anna, ben = await world.people(2)
    await world.direct(anna, ben)
    screen, online = await world.screen(ben), bonds._online
    await online.arrive(anna, "phone")
    assert [one.online for one in await online.watch(screen, [anna])] == [True]
    await bonds.change(contacts.block, anna, ben)
    assert [frame["users"][0]["online"] for frame in screen.of_type("presence")] == [False]
    await online.leave(anna, "phone", at_once=True)
    assert len(screen.of_type("presence")) == 1


async def test_contacts_see_each_other_without_a_conversation(world: World, bonds: Ties) -> None:
    anna, ben, carl = await world.people(3)
    await become_contacts(bonds, anna, ben)
    await bonds._online.arrive(anna, "phone")
    assert [one.online for one in await bonds._online.look(ben, [anna])] == [True]
    assert await bonds._online.look(carl, [anna]) == []
    screen = await world.screen(ben)
    await bonds._online.leave(anna, "phone", at_once=True)
    await bonds._online.tell_contacts()
    assert [(one["user"], one["online"]) for frame in screen.of_type("presence") for one in frame["users"]] == [
        (str(anna), False)
    ]


async def test_a_stranger_to_a_conversation_is_still_no_member(world: World) -> None:
    anna, ben, carl = await world.people(3)
    room = await world.direct(anna, ben)
    with pytest.raises(NotAMember):
        await world.say(carl, room)


async def test_ties_are_asked_for_once_a_load_not_once_a_message(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    asked = 0
    real = ties.blocks_among

    def count(users: Collection[int]) -> set[tuple[int, int]]:
        nonlocal asked
        asked += 1
        return real(users)

    monkeypatch.setattr("messaging.services.members.ties.blocks_among", count)
    for _ in range(10):
        await world.say(anna, room)
    assert asked <= 1
