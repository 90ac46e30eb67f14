"""Frames and bodies that are broken: a clear error over either road, and nothing is lost."""

import json
from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.client import Frame, Phone, Refused
from tests.messaging.stage import Stage, is_alive, post_raw, problem_of

pytestmark = pytest.mark.journey
PEOPLE = ("anna", "ben")
Phones = Callable[[str], Phone]

NOT_JSON = {
    "truncated": '{"type":"read","seq":1',
    "200,000 brackets": "[" * 200_000,
    "200,000 objects": '{"a":' * 200_000,
    "NaN": '{"type":"read","conversation":"1","seq":NaN}',
    "Infinity": '{"type":"read","conversation":"1","seq":Infinity}',
    "nothing": "",
    "lone surrogate": '{"type":"read","conversation":"\\ud800","seq":1}',
    "two values": '{"type":"heartbeat"}{}',
    "comment": '{"type":"heartbeat"} // hello',
}
NO_FRAME = {
    "array": "[]", "string": '"send"', "number": "5", "null": "null", "no type": "{}", "null type": '{"type":null}',
    "numeric type": '{"type":5}',
}  # fmt: skip
IDS = [
    "0",
    "-1",
    "01",
    "9223372036854775808",
    "9" * 19,
    "9" * 40,
    "1e3",
    "１２",
    "",
    " 1",
    "1.0",
    "x",
    5,
    2**53 + 1,
    True,
    None,
    [],
    {},
]
SEQS = [-1, 1.5, "1", "", True, False, None, 2**53 + 1, 2**64, 10**400, [], {}]


@pytest.mark.parametrize("text", [*NOT_JSON.values(), *NO_FRAME.values()], ids=[*NOT_JSON, *NO_FRAME])
async def test_what_is_no_frame_closes_the_socket_with_4004(phones: Phones, text: str) -> None:
    socket = await phones("anna").connect()
    await socket.send_text(text)
    assert (await socket.expect("error"))["code"] == "bad_request"
    assert await socket.closed() == 4004


@pytest.mark.parametrize(
    "text", [*NOT_JSON.values(), "[]", '"send"', "5", "null"], ids=[*NOT_JSON, "array", "string", "number", "null"]
)
async def test_a_body_that_is_no_json_object_is_a_bad_request(phones: Phones, text: str) -> None:
    anna = phones("anna")
    room = await anna.direct("ben")
    for path in (f"/conversations/{room}/messages", f"/conversations/{room}/read", "/conversations"):
        response = await post_raw(anna, path, text)
        assert (response.status_code, problem_of(response)["code"]) == (400, "bad_request")


async def test_a_body_that_is_no_utf8_is_a_bad_request(phones: Phones) -> None:
    anna = phones("anna")
    for body in (b'{"kind": "direct", "username": "\xff\xfe"}', '{"kind": "direct"}'.encode("utf-16")):
        assert problem_of(await post_raw(anna, "/conversations", body))["code"] == "bad_request"


@pytest.mark.parametrize("wrong", IDS, ids=repr)
async def test_what_is_no_id_is_a_bad_request(phones: Phones, wrong: object) -> None:
    socket = await phones("anna").connect()
    frames: list[Frame] = [
        {"type": "history", "conversation": wrong},
        {"type": "read", "conversation": wrong, "seq": 1},
        {"type": "send", "conversation": wrong, "client_id": str(uuid4()), "text": "hello"},
        {"type": "send", "conversation": "1", "client_id": str(uuid4()), "text": "hello", "mentions": [wrong]},
        {"type": "presence.watch", "users": [wrong]},
    ]
    for frame in frames:
        with pytest.raises(Refused) as refusal:
            await socket.call(frame)
        assert refusal.value.code == "bad_request"
    assert await is_alive(socket)


@pytest.mark.parametrize("wrong", SEQS, ids=lambda value: repr(value)[:20])
async def test_what_is_no_seq_is_a_bad_request_over_either_road(phones: Phones, wrong: object) -> None:
    anna = phones("anna")
    room = await anna.direct("ben")
    socket = await anna.connect()
    for frame in ({"type": "read", "seq": wrong}, {"type": "delivered", "seq": wrong}, {"type": "history", "limit": wrong}):
        with pytest.raises(Refused) as refusal:
            await socket.call({"conversation": room, **frame})
        assert refusal.value.code == "bad_request"
    assert await is_alive(socket)
    for way in ("read", "delivered"):
        response = await post_raw(anna, f"/conversations/{room}/{way}", json.dumps({"seq": wrong}))
        assert problem_of(response)["status"] in {400, 422}


@pytest.mark.parametrize(
    "place", ["before=-1", "after=-1", "around=x", "limit=0", "limit=101", "before=9007199254740993", "limit="]
)
async def test_a_page_of_nowhere_is_a_bad_request(phones: Phones, place: str) -> None:
    anna = phones("anna")
    room = await anna.direct("ben")
    response = await anna.request("GET", f"/api/v1/conversations/{room}/messages?{place}")
    assert problem_of(response)["code"] == "bad_request"


@pytest.mark.parametrize("number", ["0", "-1", "9223372036854775808", "9" * 5_000, "1.5", "x", "%EF%BC%91"])
async def test_a_path_with_no_conversation_is_not_found_or_bad(phones: Phones, number: str) -> None:
    response = await phones("anna").request("GET", f"/api/v1/conversations/{number}")
    assert response.status_code in {400, 404}
    problem_of(response)


@pytest.mark.parametrize("path", ["/nothing", "/conversations/1/nothing", "/messages", "/"])
async def test_an_address_that_is_not_there_is_a_problem_too(phones: Phones, path: str) -> None:
    response = await phones("anna").request("GET", f"/api/v1{path}")
    assert (response.status_code, problem_of(response)["code"]) == (404, "not_found")


async def test_a_method_that_is_not_there_is_told_with_those_that_are(phones: Phones) -> None:
    response = await phones("anna").request("PUT", "/api/v1/conversations", {})
    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == {"GET", "POST"}


async def test_wrong_types_name_no_insides(phones: Phones) -> None:
    anna = phones("anna")
    room = await anna.direct("ben")
    socket = await anna.connect()
    message = {"client_id": str(uuid4()), "text": "hello"}
    for wrong in (
        {"text": 5},
        {"text": None},
        {"client_id": 5},
        {"client_id": "short"},
        {"mentions": "1"},
        {"reply_to": 0},
        {"after": -1},
    ):
        with pytest.raises(Refused) as refusal:
            await socket.call({"type": "send", "conversation": room, **message, **wrong})
        assert refusal.value.code == "bad_request"
        problem = problem_of(await post_raw(anna, f"/conversations/{room}/messages", json.dumps({**message, **wrong})))
        assert problem["status"] in {400, 422}
        assert "pydantic" not in json.dumps(problem)
    assert await is_alive(socket)


async def test_a_client_id_is_a_uuid(phones: Phones) -> None:
    anna = phones("anna")
    room = await anna.direct("ben")
    socket = await anna.connect()
    for wrong in ("x" * 36, "{" + uuid4().hex + "}}}", uuid4().hex + "    ", "urn:uuid:" + "0" * 27):
        with pytest.raises(Refused) as refusal:
            await socket.call({"type": "send", "conversation": room, "client_id": wrong, "text": "hello"})
        assert (refusal.value.code, refusal.value.problem["field"]) == ("invalid", "client_id")


async def test_fields_nobody_knows_are_ignored(phones: Phones) -> None:
    socket = await phones("anna").connect()
    strange = {"__proto__": {"is_staff": True}, "constructor": 1, "is_staff": True, "": None, "type ": "x"}
    assert (await socket.call({"type": "heartbeat", **strange}))["type"] == "heartbeat"


async def test_of_two_equal_keys_the_last_counts(phones: Phones) -> None:
    socket = await phones("anna").connect()
    await socket.send_text('{"id": "a", "id": "b", "type": "heartbeat"}')
    assert (await socket.expect("heartbeat"))["id"] == "b"


async def test_an_unknown_type_is_told_with_its_id(phones: Phones) -> None:
    socket = await phones("anna").connect()
    with pytest.raises(Refused) as refusal:
        await socket.call({"type": "make.me.admin"})
    assert refusal.value.code == "bad_request"
    with pytest.raises(Refused):
        await socket.call({"type": "ack", "seq": 1})
    await socket.send_text(json.dumps({"type": "heartbeat", "id": "x" * 65}))
    assert (await socket.expect("error"))["code"] == "bad_request"
    assert await is_alive(socket)


async def test_a_frame_over_the_limit_closes_with_1009(phones: Phones) -> None:
    socket = await phones("anna").connect()
    await socket.send_text(json.dumps({"type": "heartbeat", "padding": "x" * 1_310_720}))
    assert await socket.closed() == 1009


async def test_a_body_over_the_limit_is_too_large(phones: Phones) -> None:
    response = await post_raw(phones("anna"), "/conversations", json.dumps({"padding": "x" * 1_310_720}))
    assert (response.status_code, problem_of(response)["code"]) == (413, "too_large")


async def test_a_bad_frame_loses_nothing_of_the_good_ones_around_it(phones: Phones, stage: Stage) -> None:
    anna = phones("anna")
    room = await anna.direct("ben")
    socket = await anna.connect()
    await socket.say(room, "before")
    for frame in ('{"type":"send"}', '{"type":"nonsense"}', '{"type":"history","conversation":7}'):
        await socket.send_text(frame)
    seq = (await socket.say(room, "after"))["seq"]
    page = await socket.call({"type": "history", "conversation": room, "limit": 2})
    assert [(message["seq"], message["text"]) for message in page["messages"]] == [(seq - 1, "before"), (seq, "after")]
    assert len(socket.of_type("error")) == 3
