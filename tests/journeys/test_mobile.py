"""A mobile app's day: device token, documented REST and socket; no cookie, no Origin."""

from uuid import uuid4

import pytest

from tests.client import Phone, Refused
from tests.conftest import NewPhone
from tests.server import Server

pytestmark = pytest.mark.journey


async def test_two_phones_sign_up_chat_lose_touch_and_catch_up(new_phone: NewPhone) -> None:
    anna, bert = await new_phone("anna"), await new_phone("bert")
    conversation = await anna.direct("bert")
    anna_live, bert_live = await anna.connect(), await bert.connect()
    ack = await anna_live.say(conversation, "Are you there?", after=0)
    got = await bert_live.expect("message", conversation=conversation)
    assert (got["message"]["text"], got["message"]["seq"], got["head"]) == ("Are you there?", ack["seq"], 1)
    await bert_live.send({"type": "read", "conversation": conversation, "seq": 1})
    receipt = await anna_live.expect("receipt", conversation=conversation)
    assert receipt["marks"][0]["read"] == 1

    cursor = bert_live.welcome["cursor"]
    await bert_live.vanish()
    for number in range(3):
        await anna_live.say(conversation, f"while you were away {number}", after=1)
    bert_again = await bert.connect(cursor)
    synced = await bert_again.expect("synced")
    texts = [placed["message"]["text"] for placed in synced["messages"]]
    assert texts == ["Are you there?", *(f"while you were away {number}" for number in range(3))]
    assert {"conversation": conversation, "head": 4, "read": 1} in synced["conversations"]
    assert not synced["more"]


async def test_what_is_missed_more_than_fits_is_pulled_by_history(new_phone: NewPhone, server: Server) -> None:
    anna, bert = await new_phone("anna"), await new_phone("bert")
    conversation = await anna.direct("bert")
    live = await anna.connect()
    for number in range(90):
        await live.say(conversation, "x" * 9_000 + str(number))
    bert_live = await bert.connect("1.0")
    synced = await bert_live.expect("synced")
    held = {placed["message"]["seq"] for placed in synced["messages"]}
    (touched,) = synced["conversations"]
    assert len(held) < 90 == touched["head"]
    below = touched["head"] + 1
    while len(held) < 90:
        page = await bert_live.call({"type": "history", "conversation": conversation, "before": below, "limit": 50})
        held |= {message["seq"] for message in page["messages"]}
        below = page["messages"][0]["seq"]
    assert held == set(range(1, 91))


async def test_the_same_client_id_over_both_roads_is_one_message(new_phone: NewPhone) -> None:
    anna, bert = await new_phone("anna"), await new_phone("bert")
    conversation = await anna.direct("bert")
    live = await bert.connect()
    body = {"client_id": str(uuid4()), "text": "once"}
    first = await anna.api("POST", f"/conversations/{conversation}/messages", body)
    again = await (await anna.connect()).call({"type": "send", "conversation": conversation, **body})
    assert (again["seq"], again["duplicate"]) == (first["seq"], True)
    with pytest.raises(Refused) as refused:
        await anna.api("POST", f"/conversations/{conversation}/messages", {**body, "text": "twice"})
    assert (refused.value.code, refused.value.status) == ("conflict", 409)
    await live.expect("message")
    assert len([frame for frame in await live.settle() if frame["type"] == "message"]) == 1


async def test_unread_counts_are_exact_on_every_device(new_phone: NewPhone) -> None:
    anna, bert = await new_phone("anna"), await new_phone("bert")
    tablet = await new_phone("bert", again=True)
    conversation = await anna.direct("bert")
    for number in range(5):
        await anna.api("POST", f"/conversations/{conversation}/messages", {"client_id": str(uuid4()), "text": str(number)})

    async def unread(phone: Phone) -> int:
        (entry,) = (await phone.api("GET", "/conversations"))["entries"]
        return int(entry["unread"])

    assert (await unread(bert), await unread(tablet), await unread(anna)) == (5, 5, 0)
    tablet_live = await tablet.connect()
    phone_live = await bert.connect()
    await phone_live.send({"type": "read", "conversation": conversation, "seq": 3})
    receipt = await tablet_live.expect("receipt", conversation=conversation)
    assert receipt["marks"][0]["read"] == 3
    assert (await unread(bert), await unread(tablet)) == (2, 2)
    await phone_live.say(conversation, "answering reads all before it")
    assert (await unread(bert), await unread(tablet), await unread(anna)) == (0, 0, 1)


async def test_a_revoked_phone_is_cut_off_at_once(new_phone: NewPhone) -> None:
    anna = await new_phone("anna")
    lost = await new_phone("anna", again=True)
    live = await lost.connect()
    (device,) = [device for device in await anna.api("GET", "/devices") if not device["current"]]
    assert device["connected"]
    await anna.api("DELETE", f"/devices/{device['id']}")
    assert await live.closed() == 4002
    with pytest.raises(Refused) as refused:
        await lost.api("GET", "/me")
    assert refused.value.status == 401


async def test_receipts_and_reads_survive_a_restart(new_phone: NewPhone, server: Server) -> None:
    anna, bert = await new_phone("anna"), await new_phone("bert")
    conversation = await anna.direct("bert")
    await anna.api("POST", f"/conversations/{conversation}/messages", {"client_id": str(uuid4()), "text": "hello"})
    await bert.api("POST", f"/conversations/{conversation}/read", {"seq": 1})
    server.restart()
    assert (await bert.api("GET", f"/conversations/{conversation}"))["unread"] == 0
    assert (await anna.api("GET", f"/conversations/{conversation}"))["others_read"] == 1


async def test_who_was_removed_keeps_what_they_saw_with_names_and_learns_nothing_more(new_phone: NewPhone) -> None:
    anna, bert, cleo = await new_phone("anna"), await new_phone("bert"), await new_phone("cleo")
    group = await anna.group("Hut", "bert", "cleo")
    await bert.api("POST", f"/conversations/{group}/join", {})
    anna_live, bert_live = await anna.connect(), await bert.connect()
    await anna_live.say(group, "for all of us")
    bert_id = (await bert.api("GET", "/me"))["user"]["id"]
    await anna.api("DELETE", f"/conversations/{group}/members/{bert_id}")
    removed = (await bert_live.expect("conversation", conversation={"title": "Hut", "head": 4}))["conversation"]
    await cleo.api("POST", f"/conversations/{group}/join", {})
    await anna.api("PATCH", f"/conversations/{group}", {"title": "Secret hut"})
    await anna_live.say(group, "without Bert")

    assert [member["user"]["username"] for member in removed["members"]] == ["bert"]
    assert [person["username"] for person in removed["people"]] == ["anna"]
    entry = await bert.api("GET", f"/conversations/{group}")
    assert (entry["conversation"]["title"], entry["head"]) == ("Hut", 4)
    page = await bert.api("GET", f"/conversations/{group}/messages")
    assert [message["seq"] for message in page["messages"]] == [2, 3, 4]
    assert not [frame for frame in await bert_live.settle() if frame.get("head", 0) > 4 or "without Bert" in str(frame)]


async def test_ones_own_message_is_never_unread_not_even_after_a_crash(new_phone: NewPhone, server: Server) -> None:
    anna, _ = await new_phone("anna"), await new_phone("bert")
    conversation = await anna.direct("bert")
    await anna.api("POST", f"/conversations/{conversation}/messages", {"client_id": str(uuid4()), "text": "hello"})
    server.kill9()
    server.start()
    entry = await anna.api("GET", f"/conversations/{conversation}")
    assert (entry["head"], entry["read"], entry["unread"]) == (1, 1, 0)


async def test_declining_a_second_invitation_keeps_what_one_had(new_phone: NewPhone) -> None:
    anna, bert = await new_phone("anna"), await new_phone("bert")
    group = await anna.group("Hut", "bert")
    await bert.api("POST", f"/conversations/{group}/join", {})
    await bert.api("POST", f"/conversations/{group}/leave", {})
    await anna.api("POST", f"/conversations/{group}/members", {"usernames": ["bert"]})
    await bert.api("POST", f"/conversations/{group}/decline", {})
    (entry,) = (await bert.api("GET", "/conversations"))["entries"]
    assert entry["conversation"]["members"][0]["state"] == "left"
    page = await bert.api("GET", f"/conversations/{group}/messages")
    assert [message["seq"] for message in page["messages"]] == [2, 3]


async def test_who_is_unknown_is_named(new_phone: NewPhone) -> None:
    anna, _ = await new_phone("anna"), await new_phone("bert")
    with pytest.raises(Refused) as refused:
        await anna.group("Hut", "bert", "nobody1")
    assert (refused.value.code, refused.value.problem["field"]) == ("not_found", "usernames")
    assert "nobody1" in refused.value.problem["detail"]
    with pytest.raises(Refused) as refused:
        await anna.api("POST", "/conversations", {"kind": "party"})
    assert "group" in refused.value.problem["detail"]
