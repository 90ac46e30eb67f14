"""Pushes of a whole distributed instance: real workers, a real queue, a push service that speaks FCM's protocol."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.client import Phone
from tests.cluster import Cluster
from tests.faults.cast import Cast
from tests.notifications.services import PushServices

pytestmark = [pytest.mark.servers, pytest.mark.journey, pytest.mark.timeout(400)]

WITHIN_SECONDS = 150.0
SECRET = "what nobody else may see"
Key = tuple[str, str]  # device's token and conversation


class Pushed:
    """What the push service was given, by device and conversation."""

    def __init__(self, services: PushServices) -> None:
        self.services = services

    def messages(self, kind: str = "message", since: int = 0) -> list[dict[str, Any]]:
        found = [request.json["message"] for request in self.services.requests[since:]]
        return [message for message in found if message["data"]["type"] == kind]

    def places(self, kind: str = "message", since: int = 0) -> Counter[Key]:
        return Counter((message["token"], message["data"]["conversation"]) for message in self.messages(kind, since))


async def until(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WITHIN_SECONDS
    while not done():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        await asyncio.sleep(0.1)


class People:
    """Everybody of the cast, with every device, each of which takes pushes under a token of its own."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.phones: dict[str, Phone] = {}

    async def subscribe(self) -> None:
        for person in self.cast.people:
            for number in range(len(person.tokens)):
                phone = self.cast.phone(person, number)
                token = f"{person.user}.{number}"
                await phone.api("PUT", "/push/subscription", {"gateway": "fcm", "token": token})
                await phone.api("PATCH", "/me/privacy", {"groups_from": "everyone"})
                self.phones[token] = phone

    async def close(self) -> None:
        for phone in self.phones.values():
            await phone.api("DELETE", "/push/subscription")
            await phone.api("PATCH", "/me/privacy", {"groups_from": "contacts"})
            await phone.close()


@pytest.fixture
async def pushed(cluster: Cluster) -> AsyncIterator[Pushed]:
    with cluster.push as services:
        services.requests.clear()
        services.delay_seconds = 0
        yield Pushed(services)
        cluster.end_workers()


@pytest.fixture
async def people(cluster: Cluster, cast: Cast) -> AsyncIterator[People]:
    cluster.forget_pushes()
    people = People(cast)
    await people.subscribe()
    yield people
    await people.close()


async def test_a_worker_killed_in_the_middle_of_500_pushes_loses_none_and_sends_none_after_it_was_read(
    cluster: Cluster, cast: Cast, people: People, pushed: Pushed
) -> None:
    *others, sender = cast.people
    readers = others[:4]
    phone = cast.phone(sender)
    groups = [await phone.group(f"Group {number}", *(other.username for other in others)) for number in range(22)]
    tokens = [token for token in people.phones if token.partition(".")[0] != sender.user]
    wanted = {(token, group) for token in tokens for group in groups}
    assert len(wanted) >= 500
    for group in groups:
        await phone.api("POST", f"/conversations/{group}/messages", {"client_id": str(uuid4()), "text": SECRET})
    await phone.close()
    await until(lambda: cluster.tasks_waiting() > 0, "the checks to be queued")
    await asyncio.sleep(6)  # all are due
    assert cluster.tasks_waiting() <= 20, "500 pushes are a handful of tasks"

    pushed.services.delay_seconds = 0.5
    worker = cluster.start_worker()
    await until(lambda: len(pushed.places()) >= 100, "the first pushes")
    worker.kill()
    worker.wait()
    killed_at = len(pushed.services.requests)
    assert killed_at < 400

    for reader in readers:
        for group in groups[:11]:
            await people.phones[f"{reader.user}.0"].api("POST", f"/conversations/{group}/read", {"seq": 10_000})
    read = {(token, group) for token, group in wanted if token.partition(".")[0] in {one.user for one in readers}}
    read = {(token, group) for token, group in read if group in groups[:11]}

    pushed.services.delay_seconds = 0
    cluster.start_worker()
    await until(lambda: wanted - read <= set(pushed.places()), "all the others")
    await asyncio.sleep(3)
    assert not read & set(pushed.places(since=killed_at)), "pushed after it was read"
    repeated = [key for key, count in pushed.places().items() if count > 1]
    assert len(repeated) <= 64, "twice are at most those that were under way"
    assert SECRET not in "".join(request.body.decode() for request in pushed.services.requests)


async def test_reading_on_one_device_takes_the_notice_from_the_other(
    cluster: Cluster, cast: Cast, people: People, pushed: Pushed
) -> None:
    sender, reader = cast.people[8], cast.people[1]  # with two devices
    cluster.start_worker()
    phone = cast.phone(sender)
    group = await phone.group("Two", reader.username)
    await people.phones[f"{reader.user}.1"].api("PATCH", "/push", {"previews": True})
    await phone.api("POST", f"/conversations/{group}/messages", {"client_id": str(uuid4()), "text": SECRET})
    both = {(f"{reader.user}.{number}", group) for number in range(2)}
    await until(lambda: both <= set(pushed.places()), "the pushes")
    bodies = {message["data"]["body"] for message in pushed.messages() if message["data"]["conversation"] == group}
    assert bodies == {f"{sender.username}: {SECRET}"}
    await people.phones[f"{reader.user}.0"].api("POST", f"/conversations/{group}/read", {"seq": 10_000})
    await until(lambda: (f"{reader.user}.1", group) in pushed.places("read"), "the withdrawal")
    await people.phones[f"{reader.user}.1"].api("PATCH", "/push", {"previews": False})
    await phone.close()


async def test_a_queue_that_is_away_loses_nothing(cluster: Cluster, cast: Cast, people: People, pushed: Pushed) -> None:
    sender, reader = cast.people[9], cast.people[10]
    phone = cast.phone(sender)
    group = await phone.group("Two", reader.username)
    await asyncio.to_thread(cluster.kill, "redis-tasks")
    await phone.api("POST", f"/conversations/{group}/messages", {"client_id": str(uuid4()), "text": SECRET})
    await asyncio.sleep(6)  # it was due meanwhile
    await asyncio.to_thread(cluster.restart, "redis-tasks")
    cluster.start_worker()
    await until(lambda: (f"{reader.user}.0", group) in pushed.places(), "the push")
    await phone.close()
