"""What stands between people, asked in batches: who is blocked, who may write to whom, who sees whom online.

Whatever changes that says so here (`note_changed`): every process asks who it was every few seconds, and forgets what it knew of them.
"""

from collections.abc import Collection, Iterable
from datetime import timedelta

import msgspec
from django.db.models import Q
from django.utils import timezone

from accounts.models import Audience, Block, Contact, User
from chatsite.core.errors import NotFound


class Sees(msgspec.Struct, frozen=True):
    """What somebody may see of another's presence."""

    online: bool = True
    last_active: bool = True


HIDDEN = Sees(online=False, last_active=False)


def note_changed(users: Iterable[int]) -> None:
    """Inside the transaction of the change."""
    User.objects.filter(id__in=list(users)).update(ties_changed_at=timezone.now())


def changed_within(seconds: float) -> dict[int, int]:
    """Whose ties or privacy changed in the last seconds, by whatever process, and when (ms)."""
    since = timezone.now() - timedelta(seconds=seconds)
    changed = User.objects.filter(ties_changed_at__gte=since).values_list("id", "ties_changed_at")
    return {user: int(at.timestamp() * 1000) for user, at in changed if at is not None}


def are_apart(one: int, other: int) -> bool:
    """Whether either has blocked the other."""
    return Block.objects.filter(Q(blocker_id=one, blocked_id=other) | Q(blocker_id=other, blocked_id=one)).exists()


def require_not_apart(viewer: int, person: User) -> User:
    """Raises NotFound with the words for a name that nobody has: a block is not to be guessed."""
    if are_apart(viewer, person.id):
        raise NotFound("There is nobody of that name here")
    return person


def blocks_among(users: Collection[int]) -> set[tuple[int, int]]:
    """(who blocked, whom) among these people."""
    return set(Block.objects.filter(blocker_id__in=users, blocked_id__in=users).values_list("blocker_id", "blocked_id"))


def contacts_among(owner: int, people: Collection[int]) -> set[int]:
    """Those of `people` who are contacts of `owner`."""
    found = Contact.objects.filter(owner_id=owner, person_id__in=people, state=Contact.State.CONTACT)
    return set(found.values_list("person_id", flat=True))


def who_refuses(pairs: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """Of (writer, reader), those whose reader takes messages of contacts only, which the writer is none of."""
    readers = {reader for _, reader in pairs}
    choosy = set(User.objects.filter(id__in=readers, messages_from=Audience.CONTACTS).values_list("id", flat=True))
    refused = {(writer, reader) for writer, reader in pairs if reader in choosy}
    if not refused:
        return set()
    known = Contact.objects.filter(
        owner_id__in=choosy, person_id__in={writer for writer, _ in refused}, state=Contact.State.CONTACT
    )
    return refused - {(writer, reader) for reader, writer in known.values_list("owner_id", "person_id")}


def who_lets_add(adder: int, people: Collection[int]) -> list[int]:
    """Those of `people` whom `adder` may put into a group without asking them."""
    allowed = Q(groups_from=Audience.EVERYONE) | Q(groups_from=Audience.CONTACTS, id__in=contacts_among(adder, people))
    return list(User.objects.filter(allowed, id__in=list(people), is_active=True).values_list("id", flat=True))


def sights(viewer: int, people: Collection[int]) -> dict[int, Sees]:
    """What `viewer` may see of the presence of each of `people`: `HIDDEN` of whoever is blocked, or hides it."""
    contacts = contacts_among(viewer, people)
    apart = Block.objects.filter(Q(blocker_id=viewer, blocked_id__in=people) | Q(blocked_id=viewer, blocker_id__in=people))
    hidden = {person for pair in apart.values_list("blocker_id", "blocked_id") for person in pair}
    found = User.objects.filter(id__in=list(people), is_active=True).values_list("id", "online_to", "last_active_to")
    seen = {user: _sees(online_to, last_to, user in contacts) for user, online_to, last_to in found if user not in hidden}
    return {person: seen.get(person, HIDDEN) for person in people}


def audience(users: Collection[int]) -> dict[int, dict[int, Sees]]:
    """The contacts of each of `users` who are told of their presence, and what they may see of it."""
    rows = Contact.objects.filter(owner_id__in=users, state=Contact.State.CONTACT).exclude(owner__online_to=Audience.NOBODY)
    told: dict[int, dict[int, Sees]] = {}
    for owner, person, last_to in rows.values_list("owner_id", "person_id", "owner__last_active_to"):
        told.setdefault(owner, {})[person] = _sees(Audience.CONTACTS, last_to, True)
    return told


def _sees(online_to: str, last_active_to: str, is_contact: bool) -> Sees:
    """Whoever hides that they are online hides since when they are not."""
    online = _is_open(online_to, is_contact)
    return Sees(online=online, last_active=online and _is_open(last_active_to, is_contact))


def _is_open(to: str, is_contact: bool) -> bool:
    return to == Audience.EVERYONE or (to == Audience.CONTACTS and is_contact)
