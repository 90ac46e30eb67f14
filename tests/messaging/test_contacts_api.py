"""Contacts and blocks as an app meets them: REST, frames, and what they change for presence and messages."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from tests.client import Phone, Refused
from tests.messaging.stage import Stage

pytestmark = pytest.mark.journey
PEOPLE = ("anna", "ben", *(f"guest{number}" for number in range(12)))
Phones = Callable[[str], Phone]
_guests = itertools.cycle(PEOPLE[2:])


@pytest.fixture
def pair(phones: Phones) -> tuple[Phone, Phone]:
    """Two who have nothing to do with each other yet."""
    return phones(next(_guests)), phones(next(_guests))


async def book(phone: Phone) -> dict[str, str]:
    found = await phone.api("GET", "/contacts")
    states = {one["user"]["username"]: one["state"] for one in found["contacts"]}
    return states | {one["username"]: "blocked" for one in found["blocked"]}


async def become_contacts(stage: Stage, one: Phone, other: Phone) -> None:
    await one.api("POST", "/contacts", {"username": other.username})
    await other.api("POST", f"/contacts/{stage.ids[one.username]}/accept", {})


ENDPOINTS = [
    ("GET", "/contacts", None),
    ("POST", "/contacts", {"username": "ben"}),
    ("POST", "/contacts/1/accept", {}),
    ("POST", "/contacts/1/decline", {}),
    ("DELETE", "/contacts/1", None),
    ("PUT", "/blocks/1", None),
    ("DELETE", "/blocks/1", None),
    ("GET", "/me/privacy", None),
    ("PATCH", "/me/privacy", {}),
    ("GET", "/me/invite-link", None),
    ("POST", "/me/invite-link", {}),
    ("DELETE", "/me/invite-link", None),
    ("GET", "/invites/abc", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ENDPOINTS)
async def test_nobody_in_particular_gets_nothing(phones: Phones, method: str, path: str, body: Any) -> None:
    with pytest.raises(Refused) as refused:
        await phones("nobody").api(method, path, body)
    assert refused.value.code == "unauthenticated"


async def test_from_asking_to_parting(stage: Stage, pair: tuple[Phone, Phone]) -> None:
    one, other = pair
    ours, theirs = await one.connect(), await other.connect()
    asked = await one.api("POST", "/contacts", {"username": other.username.upper()})
    assert asked["id"] == stage.ids[other.username]
    for socket in (ours, theirs):
        await socket.expect("contacts")
    assert (await book(one), await book(other)) == ({other.username: "sent"}, {one.username: "received"})
    await other.api("POST", f"/contacts/{stage.ids[one.username]}/accept", {})
    await ours.expect("contacts")
    assert await book(one) == {other.username: "contact"}
    assert (await one.api("GET", f"/presence?users={asked['id']}"))["users"][0]["online"] is True
    await one.api("DELETE", f"/contacts/{asked['id']}")
    assert await book(one) == await book(other) == {}
    assert (await one.api("GET", f"/presence?users={asked['id']}"))["users"] == []


async def test_an_invite_link_leads_to_its_owner(stage: Stage, pair: tuple[Phone, Phone]) -> None:
    one, other = pair
    await other.api("PATCH", "/me/privacy", {"requests_from": "nobody"})
    with pytest.raises(Refused) as refused:
        await one.api("POST", "/contacts", {"username": other.username})
    assert refused.value.code == "forbidden"
    assert await other.api("GET", "/me/invite-link") == {"code": None, "url": None}
    link = await other.api("POST", "/me/invite-link", {})
    assert link["url"].endswith(f"/invite/{link['code']}")
    assert (await one.api("GET", f"/invites/{link['code']}"))["username"] == other.username
    await one.api("POST", "/contacts", {"invite": link["code"]})
    assert await book(other) == {one.username: "received"}
    await other.api("DELETE", "/me/invite-link")
    with pytest.raises(Refused) as refused:
        await one.api("GET", f"/invites/{link['code']}")
    assert refused.value.code == "not_found"


async def test_a_block_holds_on_both_roads_and_in_every_frame(stage: Stage, pair: tuple[Phone, Phone], phones: Phones) -> None:
    one, other = pair
    await become_contacts(stage, one, other)
    room = await one.direct(other.username)
    ours, theirs = await one.connect(), await other.connect()
    mine, yours = stage.ids[one.username], stage.ids[other.username]
    await theirs.say(room, "hello")
    await theirs.send({"type": "presence.watch", "users": [mine]})
    assert (await theirs.expect("presence"))["users"][0]["online"] is True
    await ours.expect("message")
    await one.api("PUT", f"/blocks/{yours}")
    assert (await theirs.expect("presence"))["users"] == [{"user": mine, "online": False, "last_active_at": None}]

    with pytest.raises(Refused) as by_socket:
        await theirs.say(room, "are you there?")
    body = {"client_id": "0b0c9b9e-6a0f-4f0e-9d57-0a4f3a1b2c3d", "text": "are you there?"}
    with pytest.raises(Refused) as by_rest:
        await other.api("POST", f"/conversations/{room}/messages", body)
    assert by_socket.value.problem["detail"] == by_rest.value.problem["detail"] == "This person does not take messages from you"
    with pytest.raises(Refused) as typing:
        await other.api("POST", f"/conversations/{room}/typing", {})
    assert typing.value.code == "forbidden"
    await ours.send({"type": "read", "conversation": room, "seq": 1})
    assert [mark["user"] for mark in (await other.api("GET", f"/conversations/{room}/receipts"))["marks"]] == [yours]
    for phone, name in ((one, other.username), (other, one.username)):
        with pytest.raises(Refused) as hidden:
            await phone.api("GET", f"/users/{name}")
        with pytest.raises(Refused) as nobody:
            await phone.api("GET", "/users/nobody-at-all")
        assert hidden.value.problem == nobody.value.problem
        assert (await phone.api("GET", f"/presence?users={mine},{yours}"))["users"] == [
            {"user": stage.ids[name], "online": False, "last_active_at": None}
        ]
    assert [frame for frame in await theirs.settle() if frame["type"] == "receipt"] == []
    assert await book(other) == {}

    await one.api("DELETE", f"/blocks/{yours}")
    assert (await theirs.say(room, "again"))["seq"] == 2


async def test_privacy_is_changed_bit_by_bit_and_holds_within_seconds(stage: Stage, pair: tuple[Phone, Phone]) -> None:
    one, other = pair
    room = await one.direct(other.username)
    ours, theirs = await one.connect(), await other.connect()
    await theirs.send({"type": "presence.watch", "users": [stage.ids[one.username]]})
    assert (await theirs.expect("presence"))["users"][0]["online"] is True
    changed = await one.api("PATCH", "/me/privacy", {"online_to": "nobody"})
    assert changed == await one.api("GET", "/me/privacy")
    assert (changed["online_to"], changed["last_active_to"], changed["messages_from"]) == ("nobody", "everyone", "everyone")
    assert (await theirs.expect("presence"))["users"][0] == {
        "user": stage.ids[one.username], "online": False, "last_active_at": None,
    }  # fmt: skip
    await one.api("PATCH", "/me/privacy", {"online_to": "contacts"})
    await become_contacts(stage, one, other)
    assert (await theirs.expect("presence"))["users"][0]["online"] is True
    with pytest.raises(Refused) as refused:
        await one.api("PATCH", "/me/privacy", {"online_to": "anyone"})
    assert (refused.value.code, refused.value.problem["field"]) == ("invalid", "online_to")
    await ours.say(room, "hello")


async def test_contacts_hear_of_each_other_without_asking(stage: Stage, pair: tuple[Phone, Phone]) -> None:
    one, other = pair
    await become_contacts(stage, one, other)
    theirs = await other.connect()
    await one.connect()
    told = (await theirs.expect("presence"))["users"]
    assert [(person["user"], person["online"]) for person in told] == [(stage.ids[one.username], True)]


async def test_contacts_are_added_to_a_group_at_once(stage: Stage, pair: tuple[Phone, Phone]) -> None:
    one, other = pair
    await become_contacts(stage, one, other)
    theirs = await other.connect()
    group = await one.group("Choir", other.username)
    told = await theirs.expect("conversation")
    states = [member["state"] for member in told["conversation"]["members"] if member["user"]["username"] == other.username]
    assert states in (["invited"], ["joined"])
    assert (await theirs.say(group, "hello"))["seq"] == 3


async def test_asking_around_is_slowed_down(phones: Phones) -> None:
    """Names are not to be tried out by asking everybody."""
    codes = [await refusal_of(phones("anna"), f"nobody{number}") for number in range(80)]
    assert codes[0] == "not_found"
    assert codes[-1] == "rate_limited"


async def refusal_of(phone: Phone, username: str) -> str | None:
    with pytest.raises(Refused) as refused:
        await phone.api("POST", "/contacts", {"username": username})
    return refused.value.code
