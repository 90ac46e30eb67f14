"""What people want to be pushed: previews, quiet hours, muted conversations."""

from collections.abc import Collection
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from django.db.models import Q

from accounts.models import User
from chatsite.core.clock import clock
from chatsite.core.errors import Invalid
from notifications.models import ConversationPreference, Level, Preferences


class Wish(msgspec.Struct, frozen=True):
    """What one person wants of one conversation; muted it is `mentions` until then (ms)."""

    level: str = Level.ALL
    muted_until: int = 0


class Taste(msgspec.Struct, frozen=True):
    """What one person wants of all pushes, and how they are spoken to."""

    locale: str = ""
    previews: bool = False
    quiet: tuple[time, time] | None = None
    time_zone: str = "UTC"
    muted_until: int = 0  # ms

    def is_quiet(self, now: int) -> bool:
        """Whether they want nothing at this moment (ms), by the clock on their wall."""
        if now < self.muted_until:
            return True
        if self.quiet is None:
            return False
        begin, end = self.quiet
        wall = datetime.fromtimestamp(now / 1000, ZoneInfo(self.time_zone)).time()
        return begin <= wall < end if begin <= end else wall >= begin or wall < end


DEFAULT_WISH = Wish()


def rings(wish: Wish, *, is_mentioned: bool, now: int) -> bool:
    """Whether a message is pushed to somebody who wants this of its conversation."""
    if wish.level == Level.NONE:
        return False
    return is_mentioned or (wish.level == Level.ALL and now >= wish.muted_until)


def tastes(users: Collection[int]) -> dict[int, Taste]:
    """What all of these people want."""
    names = ("previews", "quiet_from", "quiet_until", "time_zone", "muted_until")
    chosen = User.objects.filter(id__in=users).values_list("id", "locale", *(f"push_preferences__{name}" for name in names))
    return {user: _taste(locale, *rest) for user, locale, *rest in chosen}


def _taste(
    locale: str, previews: bool | None, begin: time | None, end: time | None, zone: str | None, muted: datetime | None
) -> Taste:
    quiet = (begin, end) if begin is not None and end is not None else None
    return Taste(locale, bool(previews), quiet, zone or "UTC", _ms(muted) or 0)


def wishes(users: Collection[int], conversations: Collection[int]) -> dict[tuple[int, int], Wish]:
    """(user, conversation) → what they want of it, where they said so."""
    said = ConversationPreference.objects.filter(user_id__in=users, conversation_id__in=conversations)
    return {(one.user_id, one.conversation_id): _wish(one) for one in said}


def wishes_of(user: int) -> dict[int, Wish]:
    """Conversation → what this person wants of it, where that still differs from the rest."""
    return {one.conversation_id: _wish(one) for one in ConversationPreference.objects.filter(_is_silent(), user_id=user)}


def silenced(users: Collection[int]) -> set[tuple[int, int]]:
    """(user, conversation) whose unread messages do not count in the badge now."""
    silent = ConversationPreference.objects.filter(_is_silent(), user_id__in=users)
    return set(silent.values_list("user_id", "conversation_id"))


def _is_silent() -> Q:
    """Not every message is wanted now."""
    return Q(muted_until__gt=datetime.fromtimestamp(clock.now_ms() / 1000, UTC)) | ~Q(level=Level.ALL)


def _wish(said: ConversationPreference) -> Wish:
    return Wish(said.level, _ms(said.muted_until) or 0)


def read_preferences(user: int) -> Preferences:
    """As they stand; a row is written when something changes."""
    return Preferences.objects.filter(user_id=user).first() or Preferences(user_id=user)


def change_preferences(user: int, **wanted: Any) -> Preferences:
    """Sets what is given. Raises Invalid for a time zone that does not exist and for half a pair of quiet hours."""
    preferences = read_preferences(user)
    for name, value in wanted.items():
        setattr(preferences, name, value)
    if (preferences.quiet_from is None) != (preferences.quiet_until is None):
        raise Invalid("Quiet hours need a beginning and an end", field="quiet")
    require_zone(preferences.time_zone)
    preferences.save()
    return preferences


def require_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid("There is no such time zone", field="time_zone") from None


def read_wish(user: int, conversation: int) -> Wish:
    return wishes([user], [conversation]).get((user, conversation), DEFAULT_WISH)


def change_wish(user: int, conversation: int, wish: Wish) -> None:
    """Whether they are in that conversation is the caller's question."""
    muted = datetime.fromtimestamp(wish.muted_until / 1000, UTC) if wish.muted_until else None
    ConversationPreference.objects.update_or_create(
        user_id=user, conversation_id=conversation, defaults={"level": wish.level, "muted_until": muted}
    )


def _ms(at: datetime | None) -> int | None:
    return int(at.timestamp() * 1000) if at is not None else None
