"""Fills an instance that does not run with people and conversations: `python -m bench.seed` in its environment, a Wish on its input.

It prints a Population. Nobody signs up here: rows are written as sign-ups and a past would have left them.
"""

import os
import secrets
import sys
from collections.abc import Iterable, Sequence

import django
import msgspec

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
django.setup()

from django.db import transaction  # noqa: E402 - models need a Django that is set up

from accounts.models import Device, User  # noqa: E402
from accounts.services.devices import token_digest  # noqa: E402
from bench.past import remember  # noqa: E402
from bench.population import BUSY, GROUP, Account, Busy, History, Population, Wish  # noqa: E402
from messaging.models import Conversation, Membership  # noqa: E402

ROWS = 500


def seed(wish: Wish) -> Population:
    """Conversations of the busy are with people of their own, so that nobody else's list grows."""
    with transaction.atomic():
        users, accounts = _people("p", wish.people)
        pairs = _directs([(users[2 * at], users[2 * at + 1]) for at in range(wish.pairs)])
        group = _group("Everybody", users[:GROUP])
        histories = [_group(f"{length:,} messages", users[:GROUP]) for length in wish.histories]
        busy = [_busy(count) for count in wish.busy]
    members = [user.id for user in users[:GROUP]]
    past = {row: (length, members) for row, length in zip(histories, wish.histories, strict=True)}
    past |= {
        int(row): (1, [int(owner.id)])
        for some in busy
        for owner, rows in zip(some.accounts, some.conversations, strict=True)
        for row in rows
    }
    if past:
        remember(past)
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


def _directs(pairs: Sequence[tuple[User, User]]) -> list[int]:
    """Many at once."""
    rows = [
        Conversation(kind=Conversation.Kind.DIRECT, direct_key=f"{min(one.id, other.id)}:{max(one.id, other.id)}", created_by=one)
        for one, other in pairs
    ]
    Conversation.objects.bulk_create(rows, batch_size=ROWS)
    _admit((row, user) for row, pair in zip(rows, pairs, strict=True) for user in pair)
    return [row.id for row in rows]


def _group(title: str, users: Sequence[User]) -> int:
    row = Conversation.objects.create(kind=Conversation.Kind.GROUP, title=title, created_by=users[0])
    _admit((row, user) for user in users)
    return row.id


def _admit(places: Iterable[tuple[Conversation, User]]) -> None:
    Membership.objects.bulk_create(
        (Membership(conversation=row, user=user, state=Membership.State.JOINED, spans=[[1, None]]) for row, user in places),
        batch_size=ROWS,
    )


def _busy(count: int) -> Busy:
    """They have their friends in common."""
    owners, accounts = _people("busy", BUSY)
    friends, friend_accounts = _people("friend", count)
    rows = [str(row) for row in _directs([(owner, friend) for owner in owners for friend in friends])]
    return Busy(accounts, friend_accounts, [rows[at : at + count] for at in range(0, len(rows), count)])


if __name__ == "__main__":
    wish = msgspec.json.decode(sys.stdin.buffer.read(), type=Wish)
    sys.stdout.buffer.write(msgspec.json.encode(seed(wish)))
