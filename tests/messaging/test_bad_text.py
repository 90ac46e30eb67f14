"""What a message may say, over both roads."""

import json
import unicodedata
from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.client import Phone, Refused
from tests.messaging.stage import is_alive, post_raw, problem_of

pytestmark = pytest.mark.journey
PEOPLE = ("anna", "ben")
Phones = Callable[[str], Phone]
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"

GOOD = {
    "one letter": "x",
    "99,999 letters": "x" * 99_999,
    "99,999 emoji": "😀" * 99_999,
    "joined emoji": FAMILY,
    "byte order mark": "\ufeffhello",
    "zero width space": "\u200b",
    "right to left": "\u202egnp.exe\u202c",
    "zalgo": unicodedata.normalize("NFC", "e" + "\u0335\u0327\u0353" * 10),
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1))",
    "white space around": "  \n hello \t ",
    "controls": "a\x01\x1b[31m\x7f",
    "non-characters": "\ufffe\U0010ffff",
}
BAD = {
    "empty": "", "spaces": "   ", "white space of all kinds": " \t\r\n\u00a0\u2003\u3000\u2028", "NUL": "a\0b",
    "100,000 letters": "x" * 100_000, "100,000 emoji": "😀" * 100_000,
    "a tower of marks": "e" + "\u0301\u0323" * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("is_escaped", [False, True], ids=["plain", "escaped"])
@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD.keys())
async def test_text_comes_back_as_it_was_said(phones: Phones, text: str, is_escaped: bool) -> None:
    anna = phones("anna")
    room = await anna.direct("ben")
    socket = await anna.connect()
    frame = {"type": "send", "id": "s", "conversation": room, "client_id": str(uuid4()), "text": text}
    await socket.send_text(json.dumps(frame, ensure_ascii=is_escaped))
    ack = await socket.expect("ack")
    body = json.dumps({"client_id": str(uuid4()), "text": text}, ensure_ascii=is_escaped)
    response = await post_raw(anna, f"/conversations/{room}/messages", body)
    assert response.status_code == 201, response.text
    for seq in (ack["seq"], response.json()["seq"]):
        assert (await anna.api("GET", f"/conversations/{room}/messages/{seq}"))["text"] == text


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
async def test_text_that_is_none_is_invalid_and_takes_no_seq(phones: Phones, text: str) -> None:
    anna = phones("anna")
    room = await anna.direct("ben")
    socket = await anna.connect()
    before = (await anna.api("GET", f"/conversations/{room}"))["head"]
    with pytest.raises(Refused) as refusal:
        await socket.say(room, text)
    assert (refusal.value.code, refusal.value.status, refusal.value.problem["field"]) == ("invalid", 422, "text")
    problem = problem_of(
        await post_raw(anna, f"/conversations/{room}/messages", json.dumps({"client_id": str(uuid4()), "text": text}))
    )
    assert (problem["code"], problem["field"]) == ("invalid", "text")
    assert (await anna.api("GET", f"/conversations/{room}"))["head"] == before
    assert await is_alive(socket)


async def test_letters_are_counted_and_compared_in_one_form(phones: Phones) -> None:
    anna = phones("anna")
    room = await anna.direct("ben")
    socket = await anna.connect()
    client_id = str(uuid4())
    first = await socket.say(room, "e\u0301" * 99_999, client_id=client_id)
    again = await socket.say(room, "é" * 99_999, client_id=client_id)
    assert (again["seq"], again["duplicate"]) == (first["seq"], True)
    assert (await anna.api("GET", f"/conversations/{room}/messages/{first['seq']}"))["text"] == "é" * 99_999


@pytest.mark.parametrize("half", ["\\ud83d", "\\ude00", "\\ude00\\ud83d", "x\\ud800x"])
async def test_half_a_character_is_refused_and_the_next_send_goes_through(phones: Phones, half: str) -> None:
    anna = phones("anna")
    room = await anna.direct("ben")
    body = '{"client_id": "%s", "text": "%s"}' % (uuid4(), half)  # noqa: UP031 - braces
    assert problem_of(await post_raw(anna, f"/conversations/{room}/messages", body))["code"] in {"bad_request", "invalid"}
    socket = await anna.connect()
    await socket.send_text('{"type": "send", "conversation": "%s", "client_id": "%s", "text": "%s"}' % (room, uuid4(), half))  # noqa: UP031
    assert (await socket.expect("error"))["code"] in {"bad_request", "invalid"}
    again = await anna.connect()
    assert (await again.say(room, "hello"))["seq"]


@pytest.mark.parametrize(
    "title", ["", "  ", "x" * 101, "a\0b", "pdf\u202egnp", "e" + "\u0335" * 5, "\ud7ff\ufeff", "a\x1b[31m"], ids=repr
)
async def test_a_title_that_deceives_is_invalid(phones: Phones, title: str) -> None:
    anna = phones("anna")
    room = await anna.group("Group")
    for method, path, body in (
        ("PATCH", f"/conversations/{room}", {"title": title}),
        ("POST", "/conversations", {"kind": "group", "title": title}),
    ):
        with pytest.raises(Refused) as refusal:
            await anna.api(method, path, body)
        assert refusal.value.code == "invalid"
