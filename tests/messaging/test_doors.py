"""Opening a socket: the ticket, the first frame, and the page it comes from."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from tests.client import Frame, Phone, Socket
from tests.messaging.stage import Stage, is_alive

pytestmark = pytest.mark.journey
PEOPLE = ("anna", "ben")
Phones = Callable[[str], Phone]


async def ticket_of(phone: Phone) -> str:
    ticket: str = (await phone.api("POST", "/connections", {}))["nodes"][0]["ticket"]
    return ticket


async def hello(phone: Phone, ticket: object, **more: Any) -> Socket:
    socket = await Socket.open(phone.socket_url())
    await socket.send({"type": "hello", "ticket": ticket, **more})
    return socket


async def test_a_ticket_opens_one_socket(phones: Phones) -> None:
    anna = phones("anna")
    ticket = await ticket_of(anna)
    async with await hello(anna, ticket) as first, await hello(anna, ticket) as second:
        assert (await first.expect("welcome"))["heartbeat_seconds"] > 0
        assert await second.closed() == 4001


@pytest.mark.parametrize("ticket", ["", "x", "A" * 22, "' OR 1=1 --", "\u0000"])
async def test_a_ticket_nobody_issued_opens_nothing(phones: Phones, ticket: str) -> None:
    async with await hello(phones("anna"), ticket) as socket:
        assert await socket.closed() == 4001


async def test_a_token_is_no_ticket_and_counts_nowhere_in_the_address(phones: Phones, stage: Stage) -> None:
    anna = phones("anna")
    async with await hello(anna, stage.tokens["anna"]) as socket:
        assert await socket.closed() == 4001
    url = f"{anna.socket_url()}?token={stage.tokens['anna']}&ticket={await ticket_of(anna)}"
    async with await Socket.open(url) as socket:
        await socket.send({"type": "heartbeat"})
        assert await socket.closed() == 4004


@pytest.mark.parametrize(
    "first",
    [
        {"type": "heartbeat"}, {"type": "send"}, {"type": "nonsense"}, {"type": "sync", "cursor": "1.0"}, {"type": "hello"},
        {"type": "hello", "ticket": 5}, {"type": "hello", "ticket": "x" * 65}, {"type": "hello", "ticket": "x", "reads": {"x": 1}}, [], {},
    ],
    ids=json.dumps,
)  # fmt: skip
async def test_whatever_else_comes_first_closes_the_socket(phones: Phones, first: object) -> None:
    async with await Socket.open(phones("anna").socket_url()) as socket:
        await socket.send_text(json.dumps(first))
        assert await socket.closed() == 4004
        assert not socket.of_type("welcome")


async def test_a_second_hello_is_out_of_place(phones: Phones) -> None:
    anna = phones("anna")
    socket = await anna.connect()
    await socket.send({"type": "hello", "ticket": await ticket_of(anna)})
    assert await socket.closed() == 4004


async def test_who_says_nothing_is_sent_away(phones: Phones) -> None:
    async with await Socket.open(phones("anna").socket_url()) as socket:
        assert await socket.closed() == 4003


async def test_binary_frames_are_refused(phones: Phones) -> None:
    connection = await open_from(phones("anna"), None)
    await connection.send(b'{"type": "hello"}')
    await connection.wait_closed()
    assert connection.close_code == 1003


async def test_marks_to_repeat_harm_nobody_whatever_they_name(phones: Phones) -> None:
    anna, ben = phones("anna"), phones("ben")
    room = await ben.direct("anna")
    sent = await (await ben.connect()).say(room, "hello")
    reads = {"1": 5, str(2**62): 1, room: sent["seq"]}
    async with await hello(anna, await ticket_of(anna), reads=reads) as socket:
        await socket.expect("welcome")
        assert await is_alive(socket)
    assert (await anna.api("GET", f"/conversations/{room}"))["unread"] == 0


@pytest.mark.parametrize("cursor", ["", "x", "1.999999999999", "7.0", "1.-1", "٣.٣"])
async def test_a_cursor_that_is_none_means_a_fresh_start(phones: Phones, cursor: str) -> None:
    socket = await phones("anna").connect(cursor=cursor)
    resync = await socket.expect("resync")
    assert (await socket.call({"type": "sync", "cursor": resync["cursor"]}))["type"] == "synced"


async def test_what_is_missed_while_saying_hello_again_and_again_comes_once_at_least(phones: Phones) -> None:
    anna, ben = phones("anna"), phones("ben")
    room = await anna.direct("ben")
    talker, cursor = await anna.connect(), (await ben.connect()).welcome["cursor"]
    sent: list[int] = []

    async def talk() -> None:
        sent.extend([(await talker.say(room, f"{number}"))["seq"] for number in range(40)])

    talking, seen = asyncio.create_task(talk()), set[int]()
    for _ in range(5):
        socket = await ben.connect(cursor=cursor)
        synced = await socket.expect("synced")
        await socket.settle()
        seen |= {placed["message"]["seq"] for placed in synced["messages"] if placed["conversation"] == room}
        await socket.close()
        cursor = synced["cursor"]
    await talking
    last = await (await ben.connect(cursor=cursor)).expect("synced")
    seen |= {placed["message"]["seq"] for placed in last["messages"] if placed["conversation"] == room}
    assert seen >= set(sent)


async def open_from(phone: Phone, *origins: str | None) -> ClientConnection:
    headers = [("Origin", origin) for origin in origins if origin is not None]
    return await connect(phone.socket_url(), additional_headers=headers, compression=None, proxy=None)


def foreign_origins(port: int) -> list[str]:
    return [
        "null", "", "http://evil.example", f"http://localhost:{port}.evil.example", f"http://evil.example/localhost:{port}",
        f"http://evil.example#localhost:{port}", f"http://localhost:{port}@evil.example", "http://localhost:1", "http://localhost",
        f"ftp://localhost:{port}", f"file://localhost:{port}", f"localhost:{port}", "http://[", "http://[::1", f"http://127.0.0.1:{port}",
        f"http://x@localhost:{port}",
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(16))
async def test_a_foreign_page_opens_no_socket(phones: Phones, stage: Stage, number: int) -> None:
    connection = await open_from(phones("anna"), foreign_origins(stage.server.port)[number])
    await asyncio.wait_for(connection.wait_closed(), 5)
    assert connection.close_code == 1008


async def test_two_origins_are_none(phones: Phones, stage: Stage) -> None:
    with pytest.raises(InvalidStatus):
        await open_from(phones("anna"), stage.server.url, "http://evil.example")


@pytest.mark.parametrize("is_told", [False, True], ids=["absent", "own"])
async def test_ones_own_page_and_an_app_open_one(phones: Phones, stage: Stage, is_told: bool) -> None:
    anna = phones("anna")
    connection = await open_from(anna, stage.server.url if is_told else None)
    await connection.send(json.dumps({"type": "hello", "ticket": await ticket_of(anna)}))
    assert json.loads(await connection.recv())["type"] == "welcome"
    await connection.close()


async def test_a_heartbeat_without_an_id_is_answered_only_when_there_is_news(phones: Phones) -> None:
    anna, ben = phones("anna"), phones("ben")
    socket = await anna.connect()
    for _ in range(3):
        await socket.send({"type": "heartbeat"})
    assert [frame.get("id") for frame in await heard(socket)].count(None) == 1, "the first says where the inbox ends"
    await ben.api("POST", f"/conversations/{await ben.direct('anna')}/messages", {"client_id": str(uuid4()), "text": "news"})
    await socket.expect("message")
    for _ in range(3):
        await socket.send({"type": "heartbeat"})
    beats = await heard(socket)
    assert [frame.get("id") for frame in beats].count(None) == 2
    assert len({frame["cursor"] for frame in beats}) == 2


async def heard(socket: Socket) -> list[Frame]:
    """All heartbeats so far, and the one that settles."""
    await socket.settle()
    return socket.of_type("heartbeat")
