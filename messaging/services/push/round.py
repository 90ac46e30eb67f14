"""One round: looks at push checks, sends what they call for, and says what is left of them.

A check is settled when nobody has to be rung for it any more, and postponed while somebody does. So nothing else has to be kept: what a
process left half way is looked at again when its claim ends, and who was rung already is not rung twice.
"""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from typing import Protocol

import msgspec
from channels.db import database_sync_to_async

from chatsite.core.clock import Clock, clock
from chatsite.core.errors import Unavailable
from messaging.protocol.types import Message
from messaging.services.chat import Chat
from messaging.services.members import Members
from messaging.services.push.badge import badges
from messaging.services.push.judge import EXPIRY_MS, Reader, Ring, Wait, judge, missed_by
from messaging.services.push.lack import Lack, find_lacks, known
from messaging.services.push.wording import notice_of
from messaging.stores.sequencer.base import PushCheck
from messaging.stores.shown.base import Shown
from notifications.protocol import Later, Push, Sent
from notifications.services import preferences
from notifications.services.preferences import DEFAULT_WISH, Taste, Wish
from notifications.services.sending import Sender
from notifications.services.subscriptions import Went, note_outcomes

SLICE = 50  # checks that are looked at together
LOOK_BACK = 50  # messages
AT_ONCE = 64  # pushes under way
# A round that has taken so long begins no more pushes: a task of a worker ends before the broker takes it for lost.
BEGIN_SECONDS = 30.0
PAUSE_MIN_MS, PAUSE_MAX_MS = 5_000, 600_000


class LastUsed(Protocol):
    async def last_used(self, users: Sequence[int]) -> list[dict[int, int]]:
        """For each user, their devices and when somebody last used them (ms). Raises Unavailable."""
        ...


class Pushing(msgspec.Struct, frozen=True):
    """What a round works with."""

    chat: Chat
    presence: LastUsed
    sender: Sender
    clock: Clock = clock


class _Case(msgspec.Struct, frozen=True):
    """One check that somebody lacks, and what is known of its conversation."""

    lack: Lack
    members: Members
    messages: list[Message]
    read: dict[int, int]

    @property
    def conversation(self) -> int:
        return self.members.conversation

    def ring_worthy(self) -> list[int]:
        """Those who lack it and have missed anything."""
        return [
            user for user in self.lack.subscribers if missed_by(user, self.members, self.messages, read=self.read.get(user, 0))
        ]


class _Tastes(msgspec.Struct, frozen=True):
    of_all: dict[int, Taste]
    of_one: dict[tuple[int, int], Wish]


async def look(pushing: Pushing, checks: Sequence[PushCheck]) -> int:
    """Looks at claimed checks, sends, settles. Returns how many pushes were taken by their services.

    What cannot be decided now, because a part is away, stays claimed and comes again.
    """
    deadline = pushing.clock.monotonic() + BEGIN_SECONDS
    sent = 0
    for start in range(0, len(checks), SLICE):
        if pushing.clock.monotonic() > deadline:
            break
        sent += await _look(pushing, checks[start : start + SLICE], deadline)
    return sent


async def _look(pushing: Pushing, checks: Sequence[PushCheck], deadline: float) -> int:
    chat = pushing.chat
    lacks = await find_lacks(chat, checks)
    members = await chat.members.reload_many(lack.check.conversation for lack in lacks if lack.subscribers)  # of this moment
    settled = [lack.check for lack in lacks if lack.check.conversation not in members]
    cases = await known(
        [_open(chat, lack, members[lack.check.conversation]) for lack in lacks if lack.check.conversation in members]
    )
    worthy = {user for case in cases for user in case.ring_worthy()}
    tastes = await database_sync_to_async(_tastes)(worthy, [case.conversation for case in cases]) if worthy else _Tastes({}, {})
    verdicts = dict(await known([_judge(pushing, case, tastes) for case in cases]))
    rings = [ring for found in verdicts.values() for ring in found if isinstance(ring, Ring)]
    unread = await badges(chat, {ring.user for ring in rings}) if rings else {}
    room = asyncio.Semaphore(AT_ONCE)

    async def send(case: _Case) -> tuple[_Case, list[Went | Wait | None]]:
        mine = [verdict for verdict in verdicts[case.conversation] if isinstance(verdict, Ring)]
        notices = [notice_of(ring, case.members, tastes.of_all.get(ring.user, Taste()), badge=unread[ring.user]) for ring in mine]
        pushes = [Push(ring.subscriber, notice) for ring, notice in zip(mine, notices, strict=True)]
        return case, await asyncio.gather(*(_send(pushing, push, room, deadline) for push in pushes))

    went = await asyncio.gather(*(send(case) for case in cases if case.conversation in verdicts))
    postponed = []
    for case, outcomes in went:
        until = _again_at(case, [*verdicts[case.conversation], *outcomes], pushing.clock.now_ms())
        if until is None:
            settled.append(case.lack.check)
        else:
            postponed.append(PushCheck(case.conversation, case.lack.check.seq, until))
    done = [one for _, outcomes in went for one in outcomes if isinstance(one, Went)]
    if done:
        await database_sync_to_async(note_outcomes)(done)
    await chat.sequencer.settle_push_checks(settled)
    await chat.sequencer.postpone_push_checks(postponed)
    return sum(isinstance(one.outcome, Sent) for one in done)


async def _open(chat: Chat, lack: Lack, members: Members) -> _Case:
    check = lack.check
    (head,) = await chat.sequencer.heads([check.conversation])
    messages, marks = await asyncio.gather(
        chat.log.page(check.conversation, first=max(1, check.seq - LOOK_BACK + 1), last=check.seq, rev=head.rev),
        chat.receipts.of_conversation(check.conversation),
    )
    return _Case(lack, members, messages, {mark.user: mark.read for mark in marks})


def _tastes(users: set[int], conversations: list[int]) -> _Tastes:
    return _Tastes(preferences.tastes(users), preferences.wishes(users, conversations))


async def _judge(pushing: Pushing, case: _Case, tastes: _Tastes) -> tuple[int, list[Ring | Wait]]:
    """For every device of the conversation's people that takes pushes. Raises Unavailable."""
    users = case.ring_worthy()
    if not users:
        return case.conversation, []
    shown, used = await asyncio.gather(
        pushing.chat.shown.of([(user, case.conversation) for user in users]), pushing.presence.last_used(users)
    )
    verdicts: list[Ring | Wait] = []
    for user, on_devices, used_at in zip(users, shown, used, strict=True):
        places = case.lack.subscribers[user]
        reader = Reader(
            read=case.read.get(user, 0),
            taste=tastes.of_all.get(user, Taste()),
            wish=tastes.of_one.get((user, case.conversation), DEFAULT_WISH),
            subscribers=[one for one, _ in places],
            acknowledged=case.lack.acknowledged,
            shown=on_devices,
            used=used_at,
            retry_at={one.device: retry_at for one, retry_at in places},
        )
        verdicts += judge(user, reader, case.members, case.messages, now=pushing.clock.now_ms())
    return case.conversation, verdicts


async def _send(pushing: Pushing, push: Push, room: asyncio.Semaphore, deadline: float) -> Went | Wait | None:
    """None: it was read meanwhile. Wait: its service was not asked, and has done nothing wrong."""
    async with room:
        if pushing.clock.monotonic() > deadline:
            return Wait(pushing.clock.now_ms())
        try:
            if await _has_it(pushing.chat, push):
                return None
        except Unavailable:
            return Wait(pushing.clock.now_ms())  # it cannot be known whether it was read
        went = await pushing.sender.send(push)
        if isinstance(went.outcome, Sent):
            one = push.subscriber
            with contextlib.suppress(Unavailable):  # else it is rung twice
                await pushing.chat.shown.note([Shown(one.user, push.notice.conversation, one.device, push.notice.seq)])
        return went


async def _has_it(chat: Chat, push: Push) -> bool:
    """Asked right before it is sent: between the look and now somebody may have read it, or the device come back."""
    user, device, conversation, seq = push.subscriber.user, push.subscriber.device, push.notice.conversation, push.notice.seq
    (mark,), (acknowledged,) = await asyncio.gather(
        chat.receipts.of_user(user, [conversation]), chat.inbox.acknowledged([device], conversation)
    )
    return max(mark.read, acknowledged) >= seq


def _again_at(case: _Case, found: Sequence[Ring | Wait | Went | None], now: int) -> int | None:
    """When to look again (ms); None: nobody has to be rung for it any more.

    Who is waited for longer is looked for less often; a service's own word is kept in the subscription, and holds whoever looks.
    """
    newest = max((message.sent_at for message in case.messages), default=0)
    if now - newest >= EXPIRY_MS:
        return None
    delays = [one.outcome.seconds or 0 for one in found if isinstance(one, Went) and isinstance(one.outcome, Later)]
    waits = [one.until for one in found if isinstance(one, Wait)] + [now + round(delay * 1000) for delay in delays]
    if not waits:
        return None
    pause = min(max((now - newest) * random.uniform(0.5, 1.0), PAUSE_MIN_MS), PAUSE_MAX_MS)  # noqa: S311
    return max(min(waits), now + round(pause))
