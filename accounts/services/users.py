"""People: finding them, their profile, and locking them out."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from accounts.models import DISPLAY_NAME_MAX, USERNAME_MAX, User, canonical_username
from accounts.services.devices import revoke_all_devices
from accounts.services.ties import require_not_apart
from chatsite.core.errors import Invalid, NotFound
from chatsite.core.ids import MAX_ID
from chatsite.core.text import clean_name

LOCALES = ("en", "zh-hans")


def find_user(username: str) -> User:
    """An active user by exact username, however its letters are cased. Raises NotFound."""
    name = canonical_username(username)
    user = User.objects.filter(username=name, is_active=True).first() if len(name) <= USERNAME_MAX else None
    if user is None:
        raise NotFound("There is nobody of that name here")
    return user


def find_person(viewer: int, username: str) -> User:
    """The same, for somebody: who blocked them, or was blocked by them, is not there. Raises NotFound."""
    return require_not_apart(viewer, find_user(username))


def change_profile(user: User, *, display_name: str | None = None, locale: str | None = None, theme: str | None = None) -> User:
    """Changes what is given and leaves the rest. An empty display name falls back to the username. Raises Invalid."""
    if display_name is not None:
        given = display_name.strip()
        user.display_name = clean_name(given, longest=DISPLAY_NAME_MAX, field="display_name") if given else ""
    if locale is not None:
        if locale not in LOCALES:
            raise Invalid("Not a language of this site", field="locale")
        user.locale = locale
    if theme is not None:
        if theme not in User.Theme.values:
            raise Invalid("Not one of the colour schemes", field="theme")
        user.theme = theme
    user.save(update_fields=["display_name", "locale", "theme"])
    return user


def email_is_confirmed(user: User) -> bool:
    """Whether the user has shown that the address of the account is theirs."""
    return bool(EmailAddress.objects.filter(user=user, email=user.email.lower(), verified=True).exists())


def find_users(term: str) -> QuerySet[User]:
    """For administrators: by exact id, exact e-mail address or the beginning of the username; each has an index."""
    term = term.strip()
    if term.isascii() and term.isdigit() and len(term) > USERNAME_MAX // 2:
        return User.objects.filter(id=min(int(term[:19]), MAX_ID))
    if "@" in term:
        return User.objects.filter(email=term.lower())
    return User.objects.filter(_begins_with(canonical_username(term)))


def _begins_with(start: str) -> Q:
    """PostgreSQL has an index for LIKE 'start%'; SQLite's LIKE uses none, but its text sorts by bytes, so a range does."""
    if connection.vendor == "sqlite":
        return Q(username__gte=start, username__lt=f"{start}\x7f")
    return Q(username__startswith=start)


def remove_second_factor(user: User) -> None:
    """For someone who lost theirs and the recovery codes too. Their devices are logged out, in case it was not them who asked."""
    with transaction.atomic():
        Authenticator.objects.filter(user=user).delete()
        revoke_all_devices(user)


def suspend(user: User) -> None:
    """Locks the user out: no login until reinstated, every device revoked, every socket closed."""
    with transaction.atomic():
        user.is_active = False
        user.save(update_fields=["is_active"])
        revoke_all_devices(user)


def reinstate(user: User) -> None:
    """Lets a suspended user log in again; the revoked devices stay revoked."""
    user.is_active = True
    user.save(update_fields=["is_active"])
