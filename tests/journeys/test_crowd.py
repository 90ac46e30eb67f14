"""Many devices send into one group at once; the server is killed in the middle; nothing that was acked is missing anywhere."""

import asyncio
from collections.abc import Callable
from functools import partial

import pytest

from tests.client import Phone
from tests.conftest import StartServer
from tests.journeys.checker import complaints
from tests.journeys.device import Device
from tests.journeys.history import History
from tests.server import Server

PEOPLE = 10
MESSAGES_EACH = 15

pytestmark = pytest.mark.journey


async def _crowd(server: Server) -> tuple[list[Device], str, History]:
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
        devices += [Device(which, user, {group: history}, name=f"{phone.username}'s {which.name}") for which in (phone, second)]
    return devices, group, history


async def _hold_everything(devices: list[Device], group: str, history: History) -> None:
    """Every device catches up; so does one of each person's that has forgotten everything."""
    for device in devices:
        await device.catch_up()
        await Device(device.phone, device.user, {group: history}, name=f"{device.name}, anew").catch_up()


async def _close(devices: list[Device]) -> None:
    for device in devices:
        await device.phone.close()


async def test_twenty_sockets_send_at_once_and_every_device_holds_the_same_dense_list(start_server: StartServer) -> None:
    server = start_server(SEND_RATE="1000", SEND_BURST="1000")
    devices, group, history = await _crowd(server)
    for device in devices:
        device.start()
        for number in range(MESSAGES_EACH):
            device.send(group, f"message {number}")
    await asyncio.gather(*(device.stop() for device in devices))
    await _hold_everything(devices, group, history)
    assert complaints(history) == []
    everything = history.holdings[devices[0].name].held
    assert len(everything) == PEOPLE + len(devices) * MESSAGES_EACH
    await _close(devices)


async def test_kill_9_in_the_middle_loses_nothing_that_was_acked(start_server: StartServer) -> None:
    server = start_server(SEND_RATE="1000", SEND_BURST="1000")
    devices, group, history = await _crowd(server)
    for device in devices:
        device.start()
    for life in range(2):
        for device in devices:
            for number in range(MESSAGES_EACH):
                device.send(group, f"life {life}, message {number}")
        half_way = int((life + 0.5) * len(devices) * MESSAGES_EACH)
        await _until(partial(_acked, history, half_way))
        server.kill9()
        server.start()
    await asyncio.gather(*(device.stop() for device in devices))
    await _hold_everything(devices, group, history)
    assert complaints(history) == []
    assert all(send.outcome == "ok" for send in history.sends)
    await _close(devices)


def _acked(history: History, at_least: int) -> bool:
    return sum(send.outcome == "ok" for send in history.sends) >= at_least


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)
