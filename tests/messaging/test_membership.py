"""Who comes and goes in a group, and what they may see."""

import asyncio
from uuid import uuid5

import pytest

from chatsite.core.errors import ChatsiteError, Conflict, GroupFull, Invalid, NotAMember, NotFound
from messaging.models import Membership, MembershipChange
from messaging.services.conversations import create_group, open_direct
from messaging.services.history import read_history, read_message
from messaging.services.members import Members
from messaging.services.membership import _NAMESPACE, decline, finish_pending, join, leave, remove, rename, set_role
from messaging.services.receipts import ReceiptBuffer, flush_receipts, mark_read
from messaging.services.typing import show_typing
from tests.messaging.world import Screen, World, dense


async def visible_to(world: World, user: int, conversation: int) -> list[int]:
    page = await read_history(world.chat, reader=user, conversation=conversation, limit=100)
    return [message.seq for message in page.messages]


async def roles(world: World, conversation: int) -> dict[int, str]:
    members = await world.members(conversation)
    return {user: members.by_user[user].role for user in members.joined}


async def test_a_new_group_begins_with_its_creation_and_its_owner(world: World) -> None:
    anna, ben = await world.people(2)
    members = await create_group(
        world.chat, world.road, creator=anna, title=" The \n group ", usernames=[await world.username(ben)] * 2
    )
    assert (members.title, members.version) == ("The group", 1)
    assert {user: (member.state, member.role) for user, member in members.by_user.items()} == {
        anna: ("joined", "owner"),
        ben: ("invited", "member"),
    }
    (created,) = await world.log(members.conversation)
    assert (created.event or {})["type"] == "created"
    assert await visible_to(world, anna, members.conversation) == [1]
    assert await visible_to(world, ben, members.conversation) == []


async def test_who_joins_sees_from_there_on_and_who_leaves_up_to_there(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.group(anna)
    await world.say(anna, room, "before")  # 2
    await world.add(anna, room, ben)  # 3
    await world.say(anna, room, "during")  # 4
    await leave(world.chat, world.road, user=ben, conversation=room)  # 5
    await world.say(anna, room, "after")  # 6
    assert await visible_to(world, ben, room) == [3, 4, 5]
    assert await visible_to(world, anna, room) == [1, 2, 3, 4, 5, 6]
    for seq in (1, 2, 6, 7):
        with pytest.raises(NotFound):
            await read_message(world.chat, reader=ben, conversation=room, seq=seq)
    assert (await read_message(world.chat, reader=ben, conversation=room, seq=4)).text == "during"


async def test_who_comes_back_sees_both_stays_and_not_the_gap(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.group(anna, ben)  # 2 joins
    await world.say(anna, room)  # 3
    await remove(world.chat, world.road, by=anna, user=ben, conversation=room)  # 4
    await world.say(anna, room, "secret")  # 5
    await world.add(anna, room, ben)  # 6
    await world.say(anna, room)  # 7
    assert (await world.members(room)).by_user[ben].spans == ((2, 4), (6, None))
    assert await visible_to(world, ben, room) == [2, 3, 4, 6, 7]
    around = await read_history(world.chat, reader=ben, conversation=room, around=5, limit=4)
    assert [message.seq for message in around.messages] == [3, 4, 6, 7]


async def test_after_a_removal_nothing_more_arrives(world: World) -> None:
    anna, ben, carl = await world.people(3)
    room = await world.group(anna, ben, carl)
    screen = await world.screen(ben)
    await remove(world.chat, world.road, by=anna, user=ben, conversation=room)
    await world.road.drain()
    assert screen.frames[-1]["type"] == "conversation"
    (shown,) = screen.frames[-1]["conversation"]["members"]
    assert (shown["user"]["id"], shown["state"]) == (str(ben), "removed")
    told, cursor = len(screen.frames), await world.chat.inbox.cursor(ben)
    sent = await world.say(anna, room)
    await show_typing(world.chat, user=anna, conversation=room)
    await mark_read(world.chat, world.buffer, reader=carl, device=1, conversation=room, upto=sent.seq)
    await flush_receipts(world.chat, world.buffer)
    await set_role(world.chat, world.road, by=anna, user=carl, conversation=room, role="admin")
    await world.road.drain()
    assert screen.frames[told:] == []
    assert await world.chat.inbox.cursor(ben) == cursor
    with pytest.raises(NotAMember):
        await show_typing(world.chat, user=ben, conversation=room)


async def test_sends_that_race_with_comings_and_goings_reach_exactly_the_members_of_that_moment(world: World) -> None:
    anna, ben, guest = await world.people(3)
    room = await world.group(anna, ben)
    screen, cursor = await world.screen(guest), await world.chat.inbox.cursor(guest)
    stop = asyncio.Event()

    async def talk(sender: int) -> None:
        while not stop.is_set():
            await world.say(sender, room)

    async def come_and_go() -> None:
        for _ in range(4):
            await world.add(anna, room, guest)
            await asyncio.sleep(0.01)
            await remove(world.chat, world.road, by=anna, user=guest, conversation=room)
        stop.set()

    await asyncio.gather(talk(anna), talk(ben), talk(ben), come_and_go())
    await world.road.drain()
    log = await world.log(room)
    assert dense([message.seq for message in log])
    borders = [(message.seq, (message.event or {})["type"]) for message in log if (message.event or {}).get("user") == str(guest)]
    joins, goings = [seq for seq, kind in borders if kind == "joined"], [seq for seq, kind in borders if kind == "removed"]
    expected = [seq for first, last in zip(joins, goings, strict=True) for seq in range(first, last + 1)]
    assert len(joins) == 4
    assert await visible_to(world, guest, room) == expected[-100:]
    assert sorted(set(screen.seqs())) == expected
    assert sorted(set(await world.inbox_seqs(guest, room, cursor))) == expected


async def test_a_group_has_at_most_a_hundred_people(world: World) -> None:
    anna, *others = await world.people(101)
    names = [await world.username(user) for user in others]
    with pytest.raises(GroupFull):
        await create_group(world.chat, world.road, creator=anna, title="Crowd", usernames=names)
    members = await create_group(world.chat, world.road, creator=anna, title="Crowd", usernames=names[:-1])
    with pytest.raises(GroupFull):
        await world.invite(anna, members.conversation, others[-1])
    await decline(world.chat, user=others[0], conversation=members.conversation)
    await world.invite(anna, members.conversation, others[-1])
    states = [member.state for member in (await world.members(members.conversation)).by_user.values()]
    assert states.count("invited") + states.count("joined") == 100


async def test_an_invitation_can_be_declined_and_made_again(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.group(anna)
    screen = await world.screen(ben)
    await world.invite(anna, room, ben)
    assert screen.of_type("conversation")[-1]["conversation"]["id"] == str(room)
    await decline(world.chat, user=ben, conversation=room)
    with pytest.raises(Conflict):
        await decline(world.chat, user=ben, conversation=room)
    with pytest.raises(Conflict):
        await join(world.chat, world.road, user=ben, conversation=room)
    await world.invite(anna, room, ben)
    await join(world.chat, world.road, user=ben, conversation=room)
    assert await visible_to(world, ben, room) == [2]


async def test_an_invitation_can_be_taken_back(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.group(anna)
    await world.invite(anna, room, ben)
    await remove(world.chat, world.road, by=anna, user=ben, conversation=room)
    assert (await world.members(room)).by_user[ben].state == "removed"
    with pytest.raises(Conflict):
        await join(world.chat, world.road, user=ben, conversation=room)
    assert len(await world.log(room)) == 1


async def test_inviting_who_is_in_or_invited_changes_nothing(world: World) -> None:
    anna, ben, carl = await world.people(3)
    room = await world.group(anna, ben)
    await world.invite(anna, room, carl)
    before = (await world.members(room)).by_user
    await world.invite(anna, room, ben, carl, anna)
    assert (await world.members(room)).by_user == before


async def test_joining_twice_is_joining_once(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.group(anna)
    await world.invite(anna, room, ben)
    both = await asyncio.gather(*(join(world.chat, world.road, user=ben, conversation=room) for _ in range(2)))
    again = await join(world.chat, world.road, user=ben, conversation=room)
    assert [members.by_user[ben].state for members in (*both, again)] == ["joined"] * 3
    assert (await world.members(room)).by_user[ben].spans == ((2, None),)
    assert len(await world.log(room)) == 2


async def test_the_last_owner_hands_the_group_to_the_longest_standing_admin(world: World) -> None:
    anna, ben, carl, dora = await world.people(4)
    room = await world.group(anna, ben, carl, dora)
    for admin in (dora, carl):
        await set_role(world.chat, world.road, by=anna, user=admin, conversation=room, role="admin")
    await leave(world.chat, world.road, user=anna, conversation=room)
    assert await roles(world, room) == {ben: "member", carl: "owner", dora: "admin"}


async def test_without_admins_the_longest_standing_member_inherits(world: World) -> None:
    anna, ben, carl = await world.people(3)
    room = await world.group(anna, carl, ben)
    await leave(world.chat, world.road, user=anna, conversation=room)
    assert await roles(world, room) == {carl: "owner", ben: "member"}


async def test_an_empty_group_is_nobodys_and_harms_nobody(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.group(anna)
    await world.invite(anna, room, ben)
    await leave(world.chat, world.road, user=anna, conversation=room)
    assert await roles(world, room) == {}
    await join(world.chat, world.road, user=ben, conversation=room)
    assert await roles(world, room) == {ben: "owner"}


async def test_two_owners_who_remove_each_other_leave_one(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.group(anna, ben)
    await set_role(world.chat, world.road, by=anna, user=ben, conversation=room, role="owner")
    outcomes = await asyncio.gather(
        remove(world.chat, world.road, by=anna, user=ben, conversation=room),
        remove(world.chat, world.road, by=ben, user=anna, conversation=room),
        return_exceptions=True,
    )
    assert sorted(isinstance(outcome, NotAMember) for outcome in outcomes) == [False, True]
    assert list((await roles(world, room)).values()) == ["owner"]


async def test_two_owners_who_demote_each_other_leave_one(world: World) -> None:
    anna, ben, carl = await world.people(3)
    room = await world.group(anna, ben, carl)
    await set_role(world.chat, world.road, by=anna, user=ben, conversation=room, role="owner")
    outcomes = await asyncio.gather(
        set_role(world.chat, world.road, by=anna, user=ben, conversation=room, role="admin"),
        set_role(world.chat, world.road, by=ben, user=anna, conversation=room, role="admin"),
        return_exceptions=True,
    )
    assert sorted(isinstance(outcome, ChatsiteError) for outcome in outcomes) == [False, True]
    assert sorted((await roles(world, room)).values()) == ["admin", "member", "owner"]


async def test_two_owners_who_step_down_at_once_leave_one(world: World) -> None:
    anna, ben, carl = await world.people(3)
    room = await world.group(anna, ben, carl)
    await set_role(world.chat, world.road, by=anna, user=ben, conversation=room, role="owner")
    outcomes = await asyncio.gather(
        *(set_role(world.chat, world.road, by=who, user=who, conversation=room, role="member") for who in (anna, ben)),
        return_exceptions=True,
    )
    assert sorted(isinstance(outcome, Conflict) for outcome in outcomes) == [False, True]
    assert (await roles(world, room))[carl] == "member"


async def test_a_member_promoted_meanwhile_is_not_removed_by_an_admin(world: World) -> None:
    anna, ben, carl = await world.people(3)
    room = await world.group(anna, ben, carl)
    await set_role(world.chat, world.road, by=anna, user=ben, conversation=room, role="admin")
    outcomes: tuple[Members | BaseException, Members | BaseException] = await asyncio.gather(
        set_role(world.chat, world.road, by=anna, user=carl, conversation=room, role="owner"),
        remove(world.chat, world.road, by=ben, user=carl, conversation=room),
        return_exceptions=True,
    )
    promoted, removed = outcomes
    assert not isinstance(promoted, BaseException)
    assert isinstance(removed, ChatsiteError)
    assert (await roles(world, room))[carl] == "owner"


async def test_many_who_join_at_once_each_have_a_place_of_their_own(world: World) -> None:
    anna, *others = await world.people(9)
    room = await world.group(anna)
    await world.invite(anna, room, *others)
    await asyncio.gather(*(join(world.chat, world.road, user=user, conversation=room) for user in others))
    members = await world.members(room)
    assert sorted(members.by_user[user].spans[0][0] for user in others) == list(range(2, 10))
    assert members.version == 9
    assert not await MembershipChange.objects.filter(seq=None).aexists()


async def test_one_change_that_cannot_be_finished_holds_up_no_other(world: World) -> None:
    anna, ben = await world.people(2)
    broken, other = await world.group(anna), await world.group(anna)
    for room, event in ((broken, {"type": "joined", "user": str(ben)}), (other, {"type": "renamed", "title": "New title"})):
        await MembershipChange.objects.acreate(
            conversation_id=room, version=2, by_id=anna, event={**event, "by": str(anna), "version": 2}
        )
    assert await finish_pending(world.chat, world.road) == 1
    assert (await world.members(other)).title == "New title"


async def test_a_direct_conversation_is_one_for_both_and_takes_nobody_else(world: World) -> None:
    anna, ben, carl = await world.people(3)
    names = {user: await world.username(user) for user in (anna, ben)}
    rooms = await asyncio.gather(
        *(open_direct(world.chat, opener=one, username=names[other]) for one, other in ((anna, ben), (ben, anna)) * 3)
    )
    (room,) = {members.conversation for members in rooms}
    for attempt in (
        world.invite(anna, room, carl),
        leave(world.chat, world.road, user=anna, conversation=room),
        remove(world.chat, world.road, by=anna, user=ben, conversation=room),
    ):
        with pytest.raises(ChatsiteError):
            await attempt
    assert await Membership.objects.filter(conversation_id=room, state="joined").acount() == 2


async def test_nobody_talks_to_themselves(world: World) -> None:
    anna = await world.person("anna")
    with pytest.raises(Invalid):
        await open_direct(world.chat, opener=anna, username="Anna")


async def test_who_is_not_there_cannot_be_invited(world: World) -> None:
    anna = await world.person()
    with pytest.raises(NotFound):
        await create_group(world.chat, world.road, creator=anna, title="Group", usernames=["nobody"])
    with pytest.raises(NotFound):
        await open_direct(world.chat, opener=anna, username="nobody")


async def test_a_change_of_names_is_seen_by_those_who_are_in(world: World) -> None:
    anna, ben, carl, dora = await world.people(4)
    room = await world.group(anna, ben, dora)
    await world.invite(anna, room, carl)
    await leave(world.chat, world.road, user=dora, conversation=room)
    screens: dict[int, Screen] = {user: await world.screen(user) for user in (ben, carl, dora)}
    await rename(world.chat, world.road, by=anna, conversation=room, title="New title")
    await world.road.drain()
    titles = {
        user: [frame["conversation"]["title"] for frame in screen.of_type("conversation")] for user, screen in screens.items()
    }
    assert titles == {ben: ["New title"], carl: ["New title"], dora: []}
    assert screens[ben].seqs() == [5]
    assert screens[carl].seqs() == []


async def test_receipts_of_an_empty_buffer_tell_nobody(world: World) -> None:
    anna, ben = await world.people(2)
    await world.direct(anna, ben)
    screen = await world.screen(anna)
    await flush_receipts(world.chat, ReceiptBuffer())
    assert screen.frames == []


async def test_nobody_can_take_the_client_id_of_a_change_to_come(world: World) -> None:
    """Else a member could keep themselves from being removed."""
    anna, ben = await world.people(2)
    room = await world.group(anna, ben)
    change = (await world.members(room)).version + 1
    with pytest.raises(Invalid):
        await world.say(ben, room, client_id=str(uuid5(_NAMESPACE, f"{room}:{change}")))
    await leave(world.chat, world.road, user=ben, conversation=room)
    assert ben not in (await world.members(room)).joined
