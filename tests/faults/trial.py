"""One trial: twenty people keep sending in several conversations while something breaks, and then the checker is asked."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import httpx

from tests.client import Refused
from tests.faults.cast import Cast, Person
from tests.faults.report import Row
from tests.journeys.checker import complaints
from tests.journeys.device import FOR_GOOD, Device
from tests.journeys.history import History
from tests.journeys.poller import Poller

DIRECTS, GROUPS, GROUP_SIZE = 5, 3, 7
SENDERS_BY_REST = 3  # they never try again: what they got no answer for stays unknown
POLLERS = 4  # people with one more device, which goes by its cursor alone
PAUSE_SECONDS = (0.1, 0.4)
REFUSED = FOR_GOOD | {"busy", "rate_limited", "too_large", "full"}


@dataclass
class Trial:
    """Conversations, devices and their histories. `load` keeps everybody sending while its block runs."""

    cast: Cast
    settle_seconds: float = 45.0  # so long may what was acked take to reach everybody
    histories: dict[str, History] = field(default_factory=dict)
    people: dict[str, list[Person]] = field(default_factory=dict)  # by conversation
    devices: list[Device] = field(default_factory=list)
    seconds: float = 0.0
    _stopping: bool = False

    async def prepare(self) -> None:
        """Opens the conversations and connects every device."""
        for number in range(GROUPS):
            first = number * GROUP_SIZE % len(self.cast.people)
            members = [self.cast.people[(first + place) % len(self.cast.people)] for place in range(GROUP_SIZE)]
            await self.open_group(members)
        for _ in range(DIRECTS):
            await self.open_direct(*next(self.cast.pairs))
        for person in self.cast.people:
            mine = {conversation: self.histories[conversation] for conversation in self.of(person)}
            for number in range(len(person.tokens)):
                device = Device(self.cast.phone(person, number), person.user, mine, name=f"{person.username}/{number + 1}")
                self.devices.append(device)
        for person in sorted(self.cast.people[:-SENDERS_BY_REST], key=lambda person: -len(self.of(person)))[:POLLERS]:
            mine = {conversation: self.histories[conversation] for conversation in self.of(person)}
            self.devices.append(Poller(self.cast.phone(person), person.user, mine, name=f"{person.username} polling"))
        for device in self.devices:
            device.start()
        await until(lambda: all(device.is_up_to_date for device in self.devices), 30, "every device to be connected")

    def devices_on(self, node: str) -> list[Device]:
        """Those connected to the node with that socket URL."""
        return [device for device in self.devices if device.node == node]

    def direct_across_shards(self, shard_of: Callable[[str], str]) -> tuple[str, Person]:
        """A direct conversation and one of the two, who lives on another shard than it does."""
        return next(
            (conversation, person)
            for conversation, people in self.people.items()
            if len(people) == 2
            for person in people
            if shard_of(person.user) != shard_of(conversation) and person not in self.cast.people[-SENDERS_BY_REST:]
        )

    def of(self, person: Person) -> list[str]:
        return [conversation for conversation, members in self.people.items() if person in members]

    @asynccontextmanager
    async def load(self) -> AsyncIterator[None]:
        """Everybody sends, each one message after another, until the block ends; then everybody gets their answers."""
        self._stopping, began_at = False, time.monotonic()
        first = {device.user: device for device in reversed(self.devices)}
        senders = [asyncio.create_task(self._send_by_socket(device)) for device in list(first.values())[:-SENDERS_BY_REST]]
        senders += [asyncio.create_task(self._send_by_rest(person)) for person in self.cast.people[-SENDERS_BY_REST:]]
        try:
            await until(lambda: self.acked >= len(senders), 30, "everybody to have begun")
            yield
        finally:
            self._stopping = True
            await asyncio.gather(*senders)
            self.seconds += time.monotonic() - began_at

    @property
    def acked(self) -> int:
        return sum(_acked(history) for history in self.histories.values())

    async def keep_going(self, more: int = 60, *, within_seconds: float = 40) -> None:
        """Waits until that many more sends have been acked."""
        aim = self.acked + more
        await until(lambda: self.acked >= aim, within_seconds, f"{more} more acks")

    async def every_conversation_goes_on(self, *, within_seconds: float = 40) -> None:
        """Waits until each has had three more acks."""
        before = {conversation: _acked(history) for conversation, history in self.histories.items()}
        await until(
            lambda: all(_acked(history) >= before[conversation] + 3 for conversation, history in self.histories.items()),
            within_seconds,
            "three more acks in every conversation",
        )

    async def finish(self, fault: str, *, bug: str = "") -> Row:
        """Lets the devices catch up, lets fresh ones read it all, and asks the checker."""
        deadline = time.monotonic() + self.settle_seconds
        while self.complaints() and time.monotonic() < deadline:
            await asyncio.sleep(0.5)
        for device in self.devices:
            await device.stop()
        await asyncio.gather(*(self._read_anew(person) for person in self.cast.people))
        sends = [send for history in self.histories.values() for send in history.sends]
        refusals = [refusal for device in self.devices for refusal in device.refusals]
        return Row(fault, self.seconds, sends, refusals, self.complaints(), bug)

    async def close(self) -> None:
        """Ends every device, whatever it still waits for."""
        for device in self.devices:
            await device.abandon()
            await device.phone.close()

    def complaints(self) -> list[str]:
        return [
            f"{conversation}: {complaint}"
            for conversation, history in self.histories.items()
            for complaint in complaints(history)
        ]

    async def open_group(self, members: list[Person]) -> str:
        """A new one, in which all of them are."""
        phones = [self.cast.phone(member) for member in members]
        group = await phones[0].group(f"Trial {uuid4().hex[:6]}", *(member.username for member in members[1:]))
        for phone in phones[1:]:
            await phone.api("POST", f"/conversations/{group}/join", {})
        for phone in phones:
            await phone.close()
        self.histories[group], self.people[group] = History(), members
        return group

    async def open_direct(self, one: Person, other: Person) -> str:
        """A conversation of these two, who have none yet."""
        phone = self.cast.phone(one)
        direct = await phone.direct(other.username)
        await phone.close()
        self.histories[direct], self.people[direct] = History(), [one, other]
        return direct

    async def _send_by_socket(self, device: Device) -> None:
        number = 0
        person = next(person for person in self.cast.people if person.user == device.user)
        while not self._stopping or device.unsent:
            if not device.unsent and not self._stopping:
                number += 1
                device.send(random.choice(self.of(person)), f"{person.username} says {number}")
                await asyncio.sleep(random.uniform(*PAUSE_SECONDS))
            await asyncio.sleep(0.02)

    async def _send_by_rest(self, person: Person) -> None:
        phone = self.cast.phone(person)
        while not self._stopping:
            conversation, client_id = random.choice(self.of(person)), str(uuid4())
            body = {"client_id": client_id, "text": f"{person.username} says {client_id}"}
            send = self.histories[conversation].invoke(person.user, client_id, body["text"])
            try:
                # At one api: a second try elsewhere would be the same send, and its refusal would say nothing.
                sent = await phone.api_once("POST", f"/conversations/{conversation}/messages", body)
                send.succeed(sent["seq"])
            except Refused as refusal:
                if refusal.code in REFUSED:
                    send.fail()
            except httpx.HTTPError:
                phone.turn()
            await asyncio.sleep(random.uniform(*PAUSE_SECONDS))
        await phone.close()

    async def _read_anew(self, person: Person) -> None:
        """As a device that holds nothing."""
        mine = {conversation: self.histories[conversation] for conversation in self.of(person)}
        phone = self.cast.phone(person)
        device = Device(phone, person.user, mine, name=f"{person.username} anew")
        device.start()
        try:
            await until(lambda: device.is_up_to_date, 40, f"{device.name} to have read everything")
            await device.stop()
        finally:
            await device.abandon()
            await phone.close()


def _acked(history: History) -> int:
    return sum(send.outcome == "ok" for send in history.sends)


async def until(done: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        await asyncio.sleep(0.05)
