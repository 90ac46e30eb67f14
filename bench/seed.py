"""Fills an instance that does not run with people and conversations: `python -m bench.seed` in its environment, a Wish on its input.

It prints a Population. Nobody signs up here: rows are written as sign-ups and a past would have left them.
"""

import asyncio
import os
import secrets
import sys
import uuid
from collections.abc import Iterator, Sequence

import django
import msgspec

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
django.setup()

from django.conf import settings  # noqa: E402 - models need a Django that is set up
from django.db import transaction  # noqa: E402

from accounts.models import Device, User  # noqa: E402
from accounts.services.devices import token_digest  # noqa: E402
from bench.population import GROUP, Account, Busy, History, Population, Wish  # noqa: E402
from chatsite.core.clock import clock  # noqa: E402
from messaging.models import Conversation, Membership  # noqa: E402
from messaging.protocol.types import Message  # noqa: E402
from messaging.services.chat import Chat, close_chat, open_chat  # noqa: E402
from messaging.services.drafts import draft_text  # noqa: E402

ROWS = 500
TOGETHER = 4  # batches stored at the same time
STEP_MS = 1_000
TEXT = "What was said here was said long ago, and nobody reads it now but a machine that counts: message {:>11}."


def seed(wish: Wish) -> Population:
    """Conversations of the busy are with people of their own, so that nobody else's list grows."""
    with transaction.atomic():
        users, accounts = _people("p", wish.people)
        pairs = [_direct(users[2 * at], users[2 * at + 1]) for at in range(wish.pairs)]
        group = _group("Everybody", users[:GROUP])
        histories = [_group(f"{length:,} messages", users[:GROUP]) for length in wish.histories]
        busy = [_busy(count) for count in wish.busy]
    if histories:
        asyncio.run(_remember(dict(zip(histories, wish.histories, strict=True)), users[:GROUP]))
    return Population(
        accounts=accounts,
        pairs=[str(pair) for pair in pairs],
        group=str(group),
        histories=[History(str(row), length) for row, length in zip(histories, wish.histories, strict=True)],
        busy=busy,
    )


def _people(prefix: str, count: int) -> tuple[list[User], list[Account]]:
    users = [User(username=f"{prefix}{number}-{secrets.token_hex(4)}", password="!") for number in range(count)]
    User.objects.bulk_create(users, batch_size=ROWS)
    accounts = [Account(str(user.id), secrets.token_urlsafe(32)) for user in users]
    Device.objects.bulk_create(
        (
            Device(
                user=user, kind=Device.Kind.APP, name="bench", token_digest=token_digest(account.token),
                auth_hash=user.get_session_auth_hash(),
            )
            for user, account in zip(users, accounts, strict=True)
        ),
        batch_size=ROWS,
    )  # fmt: skip
    return users, accounts


def _direct(one: User, other: User) -> int:
    low, high = sorted((one.id, other.id))
    row = Conversation.objects.create(kind=Conversation.Kind.DIRECT, direct_key=f"{low}:{high}", created_by=one)
    _admit(row, [one, other])
    return row.id


def _group(title: str, users: Sequence[User]) -> int:
    row = Conversation.objects.create(kind=Conversation.Kind.GROUP, title=title, created_by=users[0])
    _admit(row, users)
    return row.id


def _admit(row: Conversation, users: Sequence[User]) -> None:
    Membership.objects.bulk_create(
        Membership(conversation=row, user=user, state=Membership.State.JOINED, spans=[[1, None]]) for user in users
    )


def _busy(conversations: int) -> Busy:
    (user,), (account,) = _people("busy", 1)
    friends, friend_accounts = _people("friend", conversations)
    rows = [_direct(user, friend) for friend in friends]
    return Busy(account, friend_accounts[0], str(rows[0]), conversations)


async def _remember(histories: dict[int, int], users: Sequence[User]) -> None:
    """What was said long ago, straight into the log, as a past that was seen by everybody."""
    chat = await open_chat(node=settings.NODE_NAME)
    try:
        for conversation, length in histories.items():
            for batches in _groups(conversation, length, users, epoch=chat.sequencer.epoch):
                await asyncio.gather(*(chat.log.store(batch, released={conversation: batch[-1].seq}) for batch in batches))
                for batch in batches:
                    await chat.sequencer.done(batch)
        await _check(chat, histories)
    finally:
        await close_chat(chat)


async def _check(chat: Chat, histories: dict[int, int]) -> None:
    """A sequencer that knows nothing of a conversation goes by the log."""
    for (conversation, length), head in zip(histories.items(), await chat.sequencer.heads(list(histories)), strict=True):
        if head.seq != length:
            raise RuntimeError(f"the head of {conversation} is {head.seq}, not {length}")


def _groups(conversation: int, length: int, users: Sequence[User], *, epoch: int) -> Iterator[list[list[Message]]]:
    begun = clock.now_ms() - length * STEP_MS
    for first in range(1, length + 1, ROWS * TOGETHER):
        seqs = range(first, min(first + ROWS * TOGETHER, length + 1))
        messages = [_message(conversation, seq, users, sent_at=begun + seq * STEP_MS, epoch=epoch) for seq in seqs]
        yield [messages[at : at + ROWS] for at in range(0, len(messages), ROWS)]


def _message(conversation: int, seq: int, users: Sequence[User], *, sent_at: int, epoch: int) -> Message:
    draft = draft_text(
        sender=users[seq % len(users)].id, conversation=conversation, client_id=str(uuid.UUID(int=seq, version=4)),
        text=TEXT.format(seq),
    )  # fmt: skip
    return draft.numbered(seq, sent_at=sent_at, mv=0, epoch=epoch, digest=draft.digest)


if __name__ == "__main__":
    wish = msgspec.json.decode(sys.stdin.buffer.read(), type=Wish)
    sys.stdout.buffer.write(msgspec.json.encode(seed(wish)))
