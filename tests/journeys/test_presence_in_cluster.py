"""Whoever vanishes, however they do, is offline on every screen within the lease, and not before their last device is gone."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator

import pytest

from presence.services.online import GRACE_SECONDS
from presence.stores.redis import LEASE_SECONDS
from tests.client import Phone, Socket
from tests.cluster import Cluster
from tests.faults.cast import Cast, Person
from tests.faults.trial import Trial

pytestmark = [pytest.mark.servers, pytest.mark.timeout(400)]

# A silent socket is closed after as long as a lease; after either comes the grace period, and sweeps and packets take their moment.
WITHIN_SECONDS = LEASE_SECONDS + GRACE_SECONDS + 10

CLIENT = """
import asyncio, json, sys
from tests.client import Socket

async def main(url, ticket):
    socket = await Socket.open(url)
    await socket.send({"type": "hello", "ticket": ticket})
    socket.be_welcome(await socket.expect("welcome"))
    print("here", flush=True)
    await asyncio.sleep(300)

asyncio.run(main(*sys.argv[1:]))
"""


class Watchers:
    """One who watches, and a contact who does not, both on a node that stays."""

    def __init__(self, *sockets: Socket, people: list[str]) -> None:
        self.sockets = sockets
        self.people = people

    def told(self, user: str) -> list[list[bool]]:
        """What each was told of somebody, in order."""
        return [
            [one["online"] for frame in socket.of_type("presence") for one in frame["users"] if one["user"] == user]
            for socket in self.sockets
        ]

    async def begin(self) -> None:
        """When all these people are offline, of whom some may have been online in an earlier test."""
        watching = self.sockets[0]
        deadline = time.monotonic() + WITHIN_SECONDS
        while True:
            await watching.send({"type": "presence.watch", "users": self.people})
            answer = (await watching.expect("presence"))["users"]
            if len(answer) == len(self.people) and not any(one["online"] for one in answer):
                break  # at the beginning of a shard's life some are left out: of them nothing is known
            assert time.monotonic() < deadline, f"somebody stays online: {answer}"
            await asyncio.sleep(1)
        await asyncio.sleep(2)  # contacts are told once a second
        for socket in self.sockets:
            await socket.settle()
            socket.forget()

    async def see(self, user: str, online: bool, *, within: float) -> None:
        deadline = time.monotonic() + within
        while not all(told and told[-1] == online for told in self.told(user)):
            assert time.monotonic() < deadline, f"not {'on' if online else 'off'}line on every screen: {self.told(user)}"
            await asyncio.sleep(0.1)


class Stage:
    def __init__(self, cluster: Cluster, cast: Cast) -> None:
        self.cluster = cluster
        self.cast = cast
        self.phones: list[Phone] = []
        self.watcher, self.contact = cast.people[:2]

    def phone(self, person: Person, device: int = 0) -> Phone:
        phone = self.cast.phone(person, device)
        self.phones.append(phone)
        return phone

    async def door(self, phone: Phone, node: str) -> dict[str, str]:
        nodes = (await phone.api("POST", "/connections", {}))["nodes"]
        return next(one for one in nodes if one["url"] == self.cluster.socket_url(node))

    async def connect(self, person: Person, node: str, device: int = 0) -> Socket:
        phone = self.phone(person, device)
        return await phone.connect_to(await self.door(phone, node))

    async def watchers(self, *people: Person) -> Watchers:
        """They know all these people, who are not there yet."""
        await Trial(self.cast).open_group([self.watcher, *people])
        asking = self.phone(self.contact)
        for person in people:
            await asking.api("POST", "/contacts", {"username": person.username})
            await self.phone(person).api("POST", f"/contacts/{self.contact.user}/accept", {})
        watching, listening = await self.connect(self.watcher, "node-1"), await self.connect(self.contact, "node-1")
        watchers = Watchers(watching, listening, people=[person.user for person in people])
        await watchers.begin()
        return watchers


@pytest.fixture
async def stage(cluster: Cluster, cast: Cast) -> AsyncIterator[Stage]:
    stage = Stage(cluster, cast)
    yield stage
    for phone in stage.phones:
        await phone.close()


async def test_whoever_vanishes_is_offline_everywhere_within_the_lease(stage: Stage, cluster: Cluster, cast: Cast) -> None:
    killed, silent, left_behind = people = cast.people[5:8]
    watchers = await stage.watchers(*people)
    client = await start_client(await stage.door(stage.phone(killed), "node-1"))
    mute = await stage.connect(silent, "node-1")
    await stage.connect(left_behind, "node-2")
    for person in people:
        await watchers.see(person.user, online=True, within=10)

    client.kill()  # SIGKILL
    await asyncio.to_thread(client.communicate)
    mute.fall_silent()
    await asyncio.to_thread(cluster.kill, "node-2")
    for person in people:
        await watchers.see(person.user, online=False, within=WITHIN_SECONDS)
        for told in watchers.told(person.user):
            assert told == [True, False]


async def test_three_devices_are_one_person_until_the_last_is_gone(stage: Stage, cast: Cast) -> None:
    person = cast.people[2]
    watchers = await stage.watchers(person)
    first, second = await stage.connect(person, "node-1"), await stage.connect(person, "node-2", device=1)
    third = await stage.connect(person, "node-2")
    await watchers.see(person.user, online=True, within=10)
    for socket in (first, second):
        await socket.vanish()
    await asyncio.sleep(GRACE_SECONDS + 3)
    assert watchers.told(person.user) == [[True], [True]]
    await third.vanish()
    await watchers.see(person.user, online=False, within=GRACE_SECONDS + 10)


async def start_client(door: dict[str, str]) -> "subprocess.Popen[str]":
    """A client of a process of its own, connected."""

    def start() -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", CLIENT, door["url"], door["ticket"]]
        client = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert client.stdout is not None
        assert client.stdout.readline().strip() == "here", json.dumps(door["url"])
        return client

    return await asyncio.to_thread(start)
