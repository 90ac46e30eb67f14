"""Who and what is on an instance that is measured, as `bench.seed` makes it and the workloads read it."""

import msgspec

GROUP = 100
BUSY = 8  # people with so many conversations, of each number: one may ask for fifty lists a second


class Wish(msgspec.Struct, frozen=True):
    """What to make: people, pairs of them, groups with so many messages, and people with so many conversations."""

    people: int = 200
    pairs: int = 50
    histories: list[int] = []
    busy: list[int] = []


class Account(msgspec.Struct, frozen=True):
    """Somebody who may connect: `token` is a device's."""

    id: str
    token: str


class History(msgspec.Struct, frozen=True):
    """A group of the first hundred accounts with a past."""

    conversation: str
    head: int


class Busy(msgspec.Struct, frozen=True):
    """People with many conversations each: `conversations[i][j]` is that of `accounts[i]` with `friends[j]`, one message long."""

    accounts: list[Account]
    friends: list[Account]
    conversations: list[list[str]]

    @property
    def count(self) -> int:
        """How many conversations each of them has."""
        return len(self.friends)


class Population(msgspec.Struct, frozen=True):
    accounts: list[Account]
    pairs: list[str]  # pair i is of accounts 2i and 2i + 1
    group: str  # of the first hundred accounts
    histories: list[History]
    busy: list[Busy]
