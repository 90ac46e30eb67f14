"""Who lacks what a check is about: asked first, and cheaply, since mostly nobody does."""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, TypeVar

import msgspec
from channels.db import database_sync_to_async

from chatsite.core.errors import NotAMember, Unavailable
from messaging.services.chat import Chat
from messaging.services.members import Members
from messaging.stores.sequencer.base import PushCheck
from notifications.protocol import Subscriber
from notifications.services.subscriptions import subscribers_of

_Answer = TypeVar("_Answer")


class Lack(msgspec.Struct, frozen=True):
    """The people of a conversation of whom a device that takes pushes has not acknowledged the check's message."""

    check: PushCheck
    subscribers: dict[int, list[tuple[Subscriber, int]]]  # user → devices, and when their services want to be asked again (ms)
    acknowledged: dict[int, int]  # device → seq


async def find_lacks(chat: Chat, checks: Sequence[PushCheck]) -> list[Lack]:
    """One for each check, without those for which a part is away."""
    stands = await known([_stand(chat, check) for check in checks])
    people = {user for _, members in stands if members for user in members.joined}
    subscribers = await database_sync_to_async(subscribers_of)(people) if people else {}

    async def ask(check: PushCheck, members: Members | None) -> Lack:
        mine = {user: subscribers[user] for user in members.joined if user in subscribers} if members else {}
        devices = [one.device for places in mine.values() for one, _ in places]
        if not devices:
            return Lack(check, {}, {})
        having = dict(zip(devices, await chat.inbox.acknowledged(devices, check.conversation), strict=True))
        lacking = {user: places for user, places in mine.items() if any(having[one.device] < check.seq for one, _ in places)}
        return Lack(check, lacking, having)

    return await known([ask(check, members) for check, members in stands])


async def _stand(chat: Chat, check: PushCheck) -> tuple[PushCheck, Members | None]:
    """Without members: the conversation was deleted. Raises Unavailable."""
    (head,) = await chat.sequencer.heads([check.conversation])
    try:
        members = await chat.members.get(check.conversation)
        if members.version < head.mv:
            members = await chat.members.reload(check.conversation)
    except NotAMember:
        return check, None
    return check, members


async def known(questions: Iterable[Coroutine[Any, Any, _Answer]]) -> list[_Answer]:
    """The answers there are; those for which a part is away are left out."""
    found = await asyncio.gather(*questions, return_exceptions=True)
    for answer in found:
        if isinstance(answer, BaseException) and not isinstance(answer, Unavailable):
            raise answer
    return [answer for answer in found if not isinstance(answer, BaseException)]
