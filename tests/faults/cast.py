"""The people of the fault tests: signed up once, since passwords are meant to cost time; their conversations are new in every trial."""

import asyncio
import itertools
import random
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import httpx

from tests.journeys.roaming import Roamer


@dataclass(frozen=True)
class Person:
    username: str
    user: str  # id
    tokens: tuple[str, ...]  # one per device


@dataclass
class Cast:
    """`pairs` never gives the same two twice: a direct conversation is there for good."""

    urls: Sequence[str]
    people: list[Person]
    pairs: Iterator[tuple[Person, Person]] = field(init=False)

    def __post_init__(self) -> None:
        pairs = list(itertools.combinations(self.people, 2))
        random.Random(5).shuffle(pairs)
        self.pairs = iter(pairs)

    def phone(self, person: Person, device: int = 0, **more: str) -> Roamer:
        """Its requests come by another api than its neighbour's."""
        turn = self.people.index(person) % len(self.urls)
        phone = Roamer([*self.urls[turn:], *self.urls[:turn]], token=person.tokens[device], **more)
        phone.username = person.username
        return phone


async def enlist(urls: Sequence[str], count: int, *, with_second_device: int) -> Cast:
    """Signs `count` people up; the first few have a second device."""
    limit = asyncio.Semaphore(4)
    family = secrets.token_hex(3)  # those of an earlier run keep their names

    async def one(number: int) -> Person:
        user, tokens = "", []
        for device in range(2 if number < with_second_device else 1):
            phone = Roamer(urls, name=f"device {device + 1}")
            phone.http.timeout = httpx.Timeout(60)  # done twice, it would be refused: on a busy machine passwords take their time
            async with limit:
                await (phone.log_in if device else phone.sign_up)(f"{family}-{number:02d}")
            user = (await phone.api("GET", "/me"))["user"]["id"]
            tokens.append(str(phone.token))
            await phone.close()
        return Person(f"{family}-{number:02d}", user, tuple(tokens))

    first = await one(0)  # founds the instance
    return Cast(urls, [first, *await asyncio.gather(*(one(number) for number in range(1, count)))])
