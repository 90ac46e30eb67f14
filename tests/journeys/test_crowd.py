"""Many devices send into one group at once; the server is killed in the middle; nothing that was acked is missing anywhere."""

import asyncio
from collections.abc import Callable
from functools import partial

import pytest

from tests.client import Phone
from tests.conftest import StartServer
from tests.journeys.checker import History, complaints
from tests.journeys.device import Device
from tests.server import Server

PEOPLE = 10
MESSAGES_EACH = 15

pytestmark = pytest.mark.journey


async def _crowd(server: Server) -> tuple[list[Device], History]:
    """Ten people with two devices each, all in one group."""
    history = History()
    first = [Phone(server.url, name=f"phone {number}") for number in range(PEOPLE)]
    for number, phone in enumerate(first):
        await phone.sign_up(f"person{number}")
    group = await first[0].group("Crowd", *(phone.username for phone in first[1:]))
    for phone in first[1:]:
        await phone.api("POST", f"/conversations/{group}/join", {})
    devices = []
    for phone in first:
        second = Phone(server.url, name="second")
        await second.log_in(phone.username)
        user = (await phone.api("GET", "/me"))["user"]["id"]
        devices += [Device(phone, group, user, history), Device(second, group, user, history)]
    page = await first[0].api("GET", f"/conversations/{group}/messages")
    for message in page["messages"]:  # the events of forming the group are sends of their own
        history.invoke(message["sender"], message["client_id"])
    return devices, history


async def _hold_everything(devices: list[Device], history: History) -> None:
    """Every device catches up; a person who joined later sees from there on."""
    for number, device in enumerate(devices):
        await device.catch_up()
        name = f"device {number}"
        history.held[name] = device.held
        history.first[name] = min(device.held)


async def _close(devices: list[Device]) -> None:
    for device in devices:
        await device.phone.close()


async def test_twenty_sockets_send_at_once_and_every_device_holds_the_same_dense_list(start_server: StartServer) -> None:
    server = start_server(SEND_RATE="1000", SEND_BURST="1000")
    devices, history = await _crowd(server)
    for device in devices:
        device.start()
        for number in range(MESSAGES_EACH):
            device.send(f"message {number}")
    await asyncio.gather(*(device.stop() for device in devices))
    await _hold_everything(devices, history)
    assert complaints(history) == []
    assert len(devices[0].held) == PEOPLE + len(devices) * MESSAGES_EACH
    await _close(devices)


async def test_kill_9_in_the_middle_loses_nothing_that_was_acked(start_server: StartServer) -> None:
    server = start_server(SEND_RATE="1000", SEND_BURST="1000")
    devices, history = await _crowd(server)
    for device in devices:
        device.start()
    for life in range(2):
        for device in devices:
            for number in range(MESSAGES_EACH):
                device.send(f"life {life}, message {number}")
        half_way = int((life + 0.5) * len(devices) * MESSAGES_EACH)
        await _until(partial(_acked, history, half_way))
        server.kill9()
        server.start()
    await asyncio.gather(*(device.stop() for device in devices))
    await _hold_everything(devices, history)
    assert complaints(history) == []
    assert all(send.outcome == "ok" for send in history.sends if not _is_event(send.client_id))
    await _close(devices)


def _acked(history: History, at_least: int) -> bool:
    return sum(send.outcome == "ok" for send in history.sends) >= at_least


def _is_event(client_id: str) -> bool:
    """System messages have name-based ids (version 5), people's are random (version 4)."""
    return client_id[14] == "5"


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)
