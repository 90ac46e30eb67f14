"""Who is pushed, on which device, and when: decided from what is known at one moment, without asking anybody."""

from collections.abc import Mapping, Sequence

import msgspec

from messaging.protocol.types import Message
from messaging.services.members import Members
from notifications.protocol import Subscriber
from notifications.services.preferences import DEFAULT_WISH, Taste, Wish, rings

ACTIVE_MS = 60_000  # whoever used a device so lately will see it there
EXPIRY_MS = 3_600_000  # after so long nobody is rung any more


class Reader(msgspec.Struct, frozen=True):
    """What is known of one person, and of their devices that take pushes."""

    read: int = 0
    taste: Taste = Taste()
    wish: Wish = DEFAULT_WISH
    subscribers: Sequence[Subscriber] = ()
    acknowledged: Mapping[int, int] = {}  # device → seq
    shown: Mapping[int, int] = {}  # device → up to which seq it was pushed
    used: Mapping[int, int] = {}  # every device of theirs → when it was last used (ms)
    retry_at: Mapping[int, int] = {}  # device → when its push service wants to be asked again (ms)


class Ring(msgspec.Struct, frozen=True):
    """Push to this device: the messages that it lacks, newest last."""

    user: int
    subscriber: Subscriber
    missed: tuple[Message, ...]

    @property
    def seq(self) -> int:
        return self.missed[-1].seq


class Wait(msgspec.Struct, frozen=True):
    """Look again then (ms)."""

    until: int


def missed_by(user: int, members: Members, messages: Sequence[Message], *, read: int) -> list[Message]:
    """The texts that somebody who is in has not read, may see, and did not write; nobody is rung by whom they blocked."""
    if user not in members.joined:
        return []
    return [
        message
        for message in messages
        if message.seq > read
        and message.kind == "text"
        and message.redacted_at is None
        and message.sender != user
        and (user, message.sender) not in members.blocks
        and members.sees(user, message.seq)
    ]


def judge(user: int, reader: Reader, members: Members, messages: Sequence[Message], *, now: int) -> list[Ring | Wait]:
    """For each of their devices that is to be rung, now or later."""
    missed = [
        message
        for message in missed_by(user, members, messages, read=reader.read)
        if rings(reader.wish, is_mentioned=user in message.mentions, now=now) and now - message.sent_at < EXPIRY_MS
    ]
    if not missed or reader.taste.is_quiet(now):
        return []
    verdicts: list[Ring | Wait] = []
    for subscriber in reader.subscribers:
        known = max(reader.acknowledged.get(subscriber.device, 0), reader.shown.get(subscriber.device, 0))
        if missed[-1].seq <= known:
            continue
        elsewhere = max((at for device, at in reader.used.items() if device != subscriber.device), default=0)
        until = max(elsewhere + ACTIVE_MS if elsewhere else 0, reader.retry_at.get(subscriber.device, 0))
        verdicts.append(Wait(until) if until > now else Ring(user, subscriber, tuple(missed)))
    return verdicts
