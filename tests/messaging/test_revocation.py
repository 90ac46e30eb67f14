"""Logged out, revoked, suspended or removed while connected: it ends at once, for that device and no other."""

import asyncio
from collections.abc import Callable

import pytest

from tests.client import Phone, Refused, Socket
from tests.messaging.stage import Stage, is_alive
from tests.server import manage

pytestmark = pytest.mark.journey
PEOPLE = ("anna", "ben", "carl", "dora", "emil", "fred")
Phones = Callable[[str], Phone]
SUSPEND = (
    "from accounts.models import User; from accounts.services.users import suspend; suspend(User.objects.get(username='{}'))"
)


async def code_within_5_s(socket: Socket) -> int:
    return await asyncio.wait_for(socket.closed(), 5)


async def test_a_revoked_device_is_cut_off_and_the_others_stay(phones: Phones, stage: Stage) -> None:
    phone, tablet = phones("anna"), await stage.second_phone("anna")
    kept, cut, cut_too = await phone.connect(), await tablet.connect(), await tablet.connect()
    device = (await tablet.api("GET", "/me"))["device"]
    await phone.api("DELETE", f"/devices/{device}")
    assert [await code_within_5_s(socket) for socket in (cut, cut_too)] == [4002, 4002]
    assert await is_alive(kept)
    with pytest.raises(Refused) as refusal:
        await tablet.api("POST", "/connections", {})
    assert refusal.value.code == "unauthenticated"


async def test_logging_out_closes_the_socket(phones: Phones, stage: Stage) -> None:
    tablet = await stage.second_phone("ben")
    socket = await tablet.connect()
    await tablet.log_out()
    assert await code_within_5_s(socket) == 4002


async def test_who_is_suspended_is_cut_off_by_another_process_too(phones: Phones, stage: Stage) -> None:
    carl = phones("carl")
    socket = await carl.connect()
    await asyncio.to_thread(manage, stage.server.data_dir, "shell", "-c", SUSPEND.format("carl"))
    assert await code_within_5_s(socket) == 4002
    with pytest.raises(Refused) as refusal:
        await carl.api("GET", "/me")
    assert refusal.value.code == "unauthenticated"


async def test_a_ticket_of_a_device_that_was_revoked_meanwhile_opens_no_lasting_socket(phones: Phones, stage: Stage) -> None:
    phone, tablet = phones("dora"), await stage.second_phone("dora")
    ticket = (await tablet.api("POST", "/connections", {}))["nodes"][0]["ticket"]
    await phone.api("DELETE", f"/devices/{(await tablet.api('GET', '/me'))['device']}")
    async with await Socket.open(tablet.socket_url()) as socket:
        await socket.send({"type": "hello", "ticket": ticket})
        assert await code_within_5_s(socket) in {4001, 4002}


async def test_who_is_removed_while_connected_hears_nothing_more(phones: Phones, stage: Stage) -> None:
    emil, fred = phones("emil"), phones("fred")
    room = await emil.group("Group", "fred")
    await fred.api("POST", f"/conversations/{room}/join")
    talker, removed = await emil.connect(), await fred.connect()
    await removed.call({"type": "presence.watch", "users": [stage.ids["emil"]]})
    await emil.api("DELETE", f"/conversations/{room}/members/{stage.ids['fred']}")
    await removed.settle()
    told = len(removed.of_type("message")) + len(removed.of_type("conversation"))
    await talker.say(room, "secret")
    await emil.api("PATCH", f"/conversations/{room}", {"title": "Secret"})
    await talker.send({"type": "typing", "conversation": room})
    await talker.settle()
    await removed.settle()
    assert len(removed.of_type("message")) + len(removed.of_type("conversation")) == told
    assert removed.of_type("typing") == []
    for frame in ({"type": "send", "client_id": "0" * 8 + "-0000-4000-8000-" + "0" * 12, "text": "x"}, {"type": "typing"}):
        with pytest.raises(Refused) as refusal:
            await removed.call({"conversation": room, **frame})
        assert refusal.value.code == "not_found"
    page = await removed.call({"type": "history", "conversation": room, "after": 0})
    assert "secret" not in {message["text"] for message in page["messages"]}
    assert (await fred.api("GET", f"/presence?users={stage.ids['emil']}"))["users"] == []
