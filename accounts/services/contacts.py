"""Contacts: asked for, accepted or declined, removed; and blocks, which end all that.

Every change answers with those it concerns: their devices are to be told, and what is known of them forgotten.
"""

from collections.abc import Callable

import msgspec
from django.db import transaction
from django.utils import timezone

from accounts.models import Audience, Block, Contact, User
from accounts.services.ties import are_apart, note_changed
from chatsite.core.errors import Conflict, Forbidden, Invalid, NotFound

State = Contact.State

CONTACTS_MAX = 5_000
REQUESTS_MAX = 200  # unanswered ones of one person
BLOCKS_MAX = 5_000

Concerned = set[int]
ByIds = Callable[[int, int], Concerned]


class Book(msgspec.Struct, frozen=True):
    """Everybody somebody has to do with: contacts and requests with their states, and whom they blocked."""

    contacts: list[Contact]
    blocked: list[User]


def read_book(user: int) -> Book:
    """By name. Whoever was declined is not in it, nor is it told who blocked the user."""
    rows = Contact.objects.filter(owner_id=user, person__is_active=True).exclude(state=State.DECLINED).select_related("person")
    blocks = Block.objects.filter(blocker_id=user).select_related("blocked")
    return Book(
        sorted(rows, key=lambda row: row.person.shown_name.casefold()),
        sorted((block.blocked for block in blocks), key=lambda person: person.shown_name.casefold()),
    )


def ask(user: int, person: User, *, by_link: bool = False) -> Concerned:
    """Asks somebody to be a contact; who asked us meanwhile becomes one. Asking again changes nothing. Raises Invalid, NotFound, Forbidden,
    Conflict.
    """
    if person.id == user:
        raise Invalid("That is you", field="username")

    def change(mine: Contact | None, theirs: Contact | None) -> Concerned:
        if are_apart(user, person.id):
            raise NotFound("There is nobody of that name here")
        if mine is not None and mine.state in {State.CONTACT, State.SENT}:
            return set()
        if theirs is not None and theirs.state == State.SENT:
            return _join(mine or Contact(owner_id=user, person=person), theirs)
        if person.requests_from == Audience.NOBODY and not by_link:
            raise Forbidden("This person can be asked by their invite link only")
        _require_room(user, State.SENT, REQUESTS_MAX)
        Contact.objects.update_or_create(owner_id=user, person=person, defaults={"state": State.SENT, "since": timezone.now()})
        if theirs is not None:  # they said no before
            return {user}
        Contact.objects.create(owner=person, person_id=user, state=State.RECEIVED)
        return {user, person.id}

    return _change(user, person.id, change)


def accept(user: int, person: int) -> Concerned:
    """Raises Conflict when there is no request."""

    def change(mine: Contact | None, theirs: Contact | None) -> Concerned:
        if mine is not None and mine.state == State.CONTACT:
            return set()
        if mine is None or theirs is None or mine.state == State.SENT:
            raise Conflict("There is no request")
        return _join(mine, theirs)

    return _change(user, person, change)


def decline(user: int, person: int) -> Concerned:
    """Whoever asked is not told, and need not be declined again. Raises Conflict when there is no request."""

    def change(mine: Contact | None, theirs: Contact | None) -> Concerned:
        if mine is not None and mine.state == State.DECLINED:
            return set()
        if mine is None or mine.state != State.RECEIVED:
            raise Conflict("There is no request")
        mine.state, mine.since = State.DECLINED, timezone.now()
        mine.save(update_fields=["state", "since"])
        return {user}

    return _change(user, person, change)


def remove(user: int, person: int) -> Concerned:
    """Ends being contacts, or takes a request back. Whoever is none is none."""

    def change(mine: Contact | None, theirs: Contact | None) -> Concerned:
        if mine is None or mine.state not in {State.CONTACT, State.SENT}:
            return set()
        return _part(mine, theirs)

    return _change(user, person, change)


def block(user: int, person: int) -> Concerned:
    """They are contacts no more, and nothing of one reaches the other. Raises Invalid, NotFound, Conflict."""
    if person == user:
        raise Invalid("That is you", field="user")

    def change(mine: Contact | None, theirs: Contact | None) -> Concerned:
        if Block.objects.filter(blocker_id=user, blocked_id=person).exists():
            return set()
        if Block.objects.filter(blocker_id=user).count() >= BLOCKS_MAX:
            raise Conflict("At most %(count)d people can be blocked", count=BLOCKS_MAX)
        Block.objects.create(blocker_id=user, blocked_id=person)
        if mine is not None:
            _part(mine, theirs)
        return {user, person}

    return _change(user, person, change)


def unblock(user: int, person: int) -> Concerned:
    """They are strangers again."""

    def change(mine: Contact | None, theirs: Contact | None) -> Concerned:
        gone, _ = Block.objects.filter(blocker_id=user, blocked_id=person).delete()
        return {user, person} if gone else set()

    return _change(user, person, change)


Change = Callable[[Contact | None, Contact | None], Concerned]


def _change(user: int, person: int, change: Change) -> Concerned:
    """Under the lock of both people, taken in one order: two who ask each other at the same moment become contacts. Raises NotFound."""
    with transaction.atomic():
        locked = User.objects.select_for_update(no_key=True).filter(id__in=(user, person)).order_by("id")
        if len(locked) < 2:
            raise NotFound("There is nobody of that name here")
        rows = {row.owner_id: row for row in Contact.objects.filter(owner__in=(user, person), person__in=(user, person))}
        concerned = change(rows.get(user), rows.get(person))
        note_changed(concerned)
    return concerned


def _join(mine: Contact, theirs: Contact) -> Concerned:
    for row in (mine, theirs):
        _require_room(row.owner_id, State.CONTACT, CONTACTS_MAX)
        row.state, row.since = State.CONTACT, timezone.now()
        row.save()
    return {mine.owner_id, mine.person_id}


def _part(mine: Contact, theirs: Contact | None) -> Concerned:
    """A no that the other once said stays said."""
    mine.delete()
    if theirs is None or theirs.state == State.DECLINED:
        return {mine.owner_id}
    theirs.delete()
    return {mine.owner_id, mine.person_id}


def _require_room(user: int, state: str, most: int) -> None:
    if Contact.objects.filter(owner_id=user, state=state).count() >= most:
        raise Conflict("There are too many contacts or requests")
