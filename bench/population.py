"""Who and what is on an instance that is measured, as `bench.seed` makes it and the workloads read it."""

import msgspec

GROUP = 100


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
    """Somebody with many conversations, one of them with `friend`."""

    account: Account
    friend: Account
    conversation: str
    conversations: int


class Population(msgspec.Struct, frozen=True):
    accounts: list[Account]
    pairs: list[str]  # pair i is of accounts 2i and 2i + 1
    group: str  # of the first hundred accounts
    histories: list[History]
    busy: list[Busy]
