"""How fast one person may speak: counted by person, whatever socket, device or road they come by."""

import asyncio
from collections.abc import Callable
from functools import partial
from uuid import uuid4

import pytest

from tests.client import Frame, Phone, Refused, Socket
from tests.messaging.stage import Stage, is_alive

pytestmark = pytest.mark.journey
PEOPLE = ("anna", "ben", "carl", "dora")
BURST = 5
ENVIRONMENT = {"SEND_RATE": "0.01", "SEND_BURST": f"{BURST}"}
Phones = Callable[[str], Phone]


async def refused_with(socket: Socket, room: str) -> Refused:
    with pytest.raises(Refused) as refusal:
        await socket.say(room, "too much")
    return refusal.value


async def test_a_new_socket_device_or_road_does_not_start_afresh(phones: Phones, stage: Stage) -> None:
    anna, ben = phones("anna"), phones("ben")
    room = await anna.direct("ben")
    socket = await anna.connect()
    for _ in range(BURST):
        await socket.say(room, "hello")
    refusal = await refused_with(socket, room)
    assert (refusal.code, refusal.status) == ("rate_limited", 429)
    assert refusal.problem["retry_after"] > 0
    assert await is_alive(socket)
    await socket.close()
    assert (await refused_with(await anna.connect(), room)).code == "rate_limited"
    response = await anna.request("POST", f"/api/v1/conversations/{room}/messages", {"client_id": str(uuid4()), "text": "x"})
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    tablet = await stage.second_phone("anna")
    assert (await refused_with(await tablet.connect(), room)).code == "rate_limited"
    assert (await (await ben.connect()).say(room, "mine"))["seq"] == BURST + 1


def _answers(name: str, frame: Frame) -> bool:
    return frame.get("id") == name


async def test_more_unanswered_sends_than_told_are_busy_or_limited_and_answered_each(phones: Phones) -> None:
    carl = phones("carl")
    room = await carl.direct("ben")
    socket = await carl.connect()
    ids = [f"{number}" for number in range(socket.welcome["limits"]["in_flight"] * 2)]
    for name in ids:
        await socket.send({"type": "send", "id": name, "conversation": room, "client_id": str(uuid4()), "text": "hello"})
    for name in ids:
        await socket._take(partial(_answers, name), name)
    acks = [frame["id"] for frame in socket.of_type("ack")]
    assert acks == ids[:BURST]
    assert {frame["code"] for frame in socket.of_type("error")} <= {"busy", "rate_limited"}


@pytest.mark.parametrize(
    ("path", "at_once"), [("/connections", 120), ("/conversations/{room}/typing", 100)], ids=["tickets", "typing"]
)
async def test_what_costs_others_something_is_limited_over_rest_too(phones: Phones, path: str, at_once: int) -> None:
    dora = phones("dora")  # nothing was asked for by her yet
    path = f"/api/v1{path}".replace("{room}", await dora.direct("carl"))
    statuses: list[int] = []
    while 429 not in statuses and len(statuses) < 10 * at_once:
        statuses += [response.status_code for response in await asyncio.gather(*(dora.request("POST", path) for _ in range(20)))]
    assert statuses.count(429) > 0
    assert statuses.count(429) < len(statuses) - at_once + 1
