"""Who may do what: every command over both roads, for everybody from nobody to the owner, in one table."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from tests.client import Phone, Refused
from tests.messaging.stage import Stage
from tests.server import manage

pytestmark = pytest.mark.journey
OUTSIDE = ("anonymous", "stranger", "staff", "declined", "invited", "left", "removed")
INSIDE = ("member", "deputy", "owner")
EVERYBODY = (*OUTSIDE, *INSIDE)
PEOPLE = (*OUTSIDE[1:], *INSIDE, "victim", "other", "fresh")
MAKE_STAFF = "from accounts.models import User; User.objects.filter(username='staff').update(is_staff=True, is_superuser=True)"
Phones = Callable[[str], Phone]
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Rule:
    """One command and the answer each gets, in the order of EVERYBODY. `{target}` is "victim", for the deputy, an admin, "other"."""

    method: str
    path: str
    body: dict[str, Any] | None
    answers: str

    @property
    def moves_people(self) -> bool:
        return self.path in {"/members", "/members/{target}", "/join", "/decline", "/leave"}

    def expected(self) -> dict[str, int]:
        return dict(zip(EVERYBODY, map(int, self.answers.split()), strict=True))


MESSAGE = {"text": "hello"}
#                                                             anon str sta dec inv left rem mem dep own
RULES = [
    Rule("GET", "", None, "                                    401 404 404 200 200 200 200 200 200 200"),
    Rule("PATCH", "", {"title": "New {number}"}, "             401 404 404 404 404 404 404 403 200 200"),
    Rule("POST", "/members", {"usernames": ["fresh"]}, "       401 404 404 404 404 404 404 403 200 200"),
    Rule("PATCH", "/members/{target}", {"role": "admin"}, "    401 404 404 404 404 404 404 403 403 200"),
    Rule("PATCH", "/members/{self}", {"role": "owner"}, "      401 404 404 404 404 404 404 403 403 200"),
    Rule("DELETE", "/members/{target}", None, "                401 404 404 404 404 404 404 403 200 200"),
    Rule("DELETE", "/members/{owner}", None, "                 401 404 404 404 404 404 404 403 403 422"),
    Rule("POST", "/join", None, "                              401 404 404 409 200 409 409 200 200 200"),
    Rule("POST", "/decline", None, "                           401 404 404 409 204 409 409 409 409 409"),
    Rule("POST", "/leave", None, "                             401 404 404 404 404 404 404 204 204 204"),
    Rule("GET", "/messages", None, "                           401 404 404 200 200 200 200 200 200 200"),
    Rule("GET", "/messages/{head}", None, "                    401 404 404 404 404 404 404 200 200 200"),
    Rule("GET", "/messages/1", None, "                         401 404 404 404 404 404 404 404 404 200"),
    Rule("GET", "/messages/999", None, "                       401 404 404 404 404 404 404 404 404 404"),
    Rule("POST", "/messages", MESSAGE, "                       401 404 404 404 404 404 404 201 201 201"),
    Rule("POST", "/messages", {**MESSAGE, "reply_to": 1}, "    401 404 404 404 404 404 404 422 422 201"),
    Rule("POST", "/messages", {**MESSAGE, "reply_to": 999}, "  401 404 404 404 404 404 404 422 422 422"),
    Rule("POST", "/read", {"seq": 999}, "                      401 404 404 204 204 204 204 204 204 204"),
    Rule("POST", "/delivered", {"seq": 999}, "                 401 404 404 204 204 204 204 204 204 204"),
    Rule("POST", "/typing", None, "                            401 404 404 404 404 404 404 204 204 204"),
    Rule("GET", "/receipts", None, "                           401 404 404 404 404 404 404 200 200 200"),
]
FRAMES: dict[str, dict[str, Any]] = {
    "history": {"type": "history"}, "read": {"type": "read", "seq": 999}, "delivered": {"type": "delivered", "seq": 999},
    "typing": {"type": "typing"}, "send": {"type": "send", "text": "hello"},
}  # fmt: skip
HEARD = {  # those whose frame is obeyed; the others hear not_found
    "history": EVERYBODY[3:], "read": EVERYBODY[3:], "delivered": EVERYBODY[3:], "typing": INSIDE, "send": INSIDE,
}  # fmt: skip


@pytest.fixture(scope="module")
def _staff(stage: Stage) -> None:
    manage(stage.server.data_dir, "shell", "-c", MAKE_STAFF)


async def a_group(stage: Stage) -> str:
    """A group in which everybody stands as their name says; the last message is for those who are in."""
    owner = stage.phone("owner")
    members = ("declined", "invited", "left", "removed", "member", "deputy", "victim", "other")
    room = await owner.group(f"Group {next(_numbers)}", *members)
    for name in ("left", "removed", "member", "deputy", "victim", "other"):
        await stage.phone(name).api("POST", f"/conversations/{room}/join")
    await owner.api("PATCH", f"/conversations/{room}/members/{stage.ids['deputy']}", {"role": "admin"})
    await stage.phone("declined").api("POST", f"/conversations/{room}/decline")
    await stage.phone("left").api("POST", f"/conversations/{room}/leave")
    await owner.api("DELETE", f"/conversations/{room}/members/{stage.ids['removed']}")
    await owner.api("POST", f"/conversations/{room}/messages", {"client_id": str(uuid4()), "text": "for members"})
    return room


_groups: dict[int, str] = {}  # one for each server, for what leaves everybody in their place


async def the_group(stage: Stage) -> str:
    if stage.server.port not in _groups:
        _groups[stage.server.port] = await a_group(stage)
    room = _groups[stage.server.port]
    await stage.phone("owner").api("POST", f"/conversations/{room}/messages", {"client_id": str(uuid4()), "text": "for members"})
    return room


def _body(rule: Rule) -> dict[str, Any] | None:
    if rule.body is None:
        return None
    if "text" in rule.body:
        return {"client_id": str(uuid4()), **rule.body}
    return {key: value.format(number=next(_numbers)) if isinstance(value, str) else value for key, value in rule.body.items()}


@pytest.mark.usefixtures("_staff")
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.method} {rule.path} {rule.body or ''}")
async def test_over_rest_everybody_gets_the_answer_of_the_table(phones: Phones, stage: Stage, rule: Rule) -> None:
    room = await a_group(stage) if rule.moves_people else await the_group(stage)
    head = (await phones("owner").api("GET", f"/conversations/{room}"))["head"]
    got = {}
    for name in EVERYBODY:
        target = stage.ids["other" if name == "deputy" else "victim"]
        path = rule.path.format(target=target, head=head, owner=stage.ids["owner"], self=stage.ids.get(name, "1"))
        response = await phones(name).request(rule.method, f"/api/v1/conversations/{room}{path}", _body(rule))
        got[name] = response.status_code
        if response.is_error:
            assert response.headers["content-type"] == "application/problem+json"
            assert "for members" not in response.text
    assert got == rule.expected()


@pytest.mark.usefixtures("_staff")
@pytest.mark.parametrize("kind", FRAMES)
async def test_on_the_socket_everybody_gets_the_same_answer(phones: Phones, stage: Stage, kind: str) -> None:
    room = await the_group(stage)
    heard = []
    for name in EVERYBODY[1:]:
        socket = await phones(name).connect()
        more = {"client_id": str(uuid4())} if kind == "send" else {}
        await socket.send({"id": "command", "conversation": room, **FRAMES[kind], **more})
        if kind in {"send", "history"}:
            await socket._take(lambda frame: frame.get("id") == "command", "an answer")
        errors = [frame["code"] for frame in await socket.settle() if frame.get("id") == "command" and frame["type"] == "error"]
        assert errors in ([], ["not_found"])
        if not errors:
            heard.append(name)
    assert tuple(heard) == HEARD[kind]


@pytest.mark.usefixtures("_staff")
async def test_pages_lists_and_presence_show_nobody_what_is_not_theirs(phones: Phones, stage: Stage) -> None:
    room = await the_group(stage)
    ids = ",".join(stage.ids[name] for name in ("owner", "member"))
    for name in OUTSIDE[1:]:
        phone = phones(name)
        page = await phone.request("GET", f"/api/v1/conversations/{room}/messages?after=0")
        assert "for members" not in page.text
        entries = (await phone.api("GET", "/conversations"))["entries"]
        assert not [entry for entry in entries if entry["conversation"]["id"] == room and entry["unread"] > 2]
        assert "for members" not in str(entries)
        if name in {"stranger", "staff"}:
            assert (await phone.api("GET", f"/presence?users={ids}"))["users"] == []
            socket = await phone.connect()
            assert (await socket.call({"type": "presence.watch", "users": ids.split(",")}))["users"] == []


async def test_nobody_becomes_staff_by_asking(phones: Phones) -> None:
    stranger = phones("stranger")
    for wish in ({"is_staff": True}, {"is_superuser": True, "display_name": "Root"}, {"user": {"is_staff": True}}):
        await stranger.api("PATCH", "/me", wish)
    assert (await stranger.request("GET", "/admin/")).status_code in {302, 403}


async def test_a_role_that_is_none_is_refused(phones: Phones, stage: Stage) -> None:
    owner = phones("owner")
    room = await owner.group("Group", "member")
    for role in ("staff", "", None, "OWNER"):
        with pytest.raises(Refused) as refusal:
            await owner.api("PATCH", f"/conversations/{room}/members/{stage.ids['owner']}", {"role": role})
        assert refusal.value.status in {400, 422}


async def test_somebody_elses_device_is_not_there(phones: Phones) -> None:
    owner, stranger = phones("owner"), phones("stranger")
    device = (await owner.api("GET", "/me"))["device"]
    for method, body in (("DELETE", None), ("PATCH", {"name": "mine"})):
        with pytest.raises(Refused) as refusal:
            await stranger.api(method, f"/devices/{device}", body)
        assert refusal.value.code == "not_found"


async def test_a_foreign_client_id_is_ones_own_message(phones: Phones) -> None:
    owner, member = phones("owner"), phones("member")
    room = await owner.direct("member")
    client_id = str(uuid4())
    first, second = [
        await phone.api("POST", f"/conversations/{room}/messages", {"client_id": client_id, "text": "same"})
        for phone in (owner, member)
    ]
    assert (second["seq"], second["duplicate"]) == (first["seq"] + 1, False)
