"""How administrators find conversations and places in them: each way has an index, whatever the tables' size."""

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.services.users import find_users
from chatsite.core.ids import MAX_ID
from messaging.models import Conversation, Membership, MembershipChange

FOUND_MAX = 1_000
_ID_DIGITS_MIN = 16  # ids of the last years have 18 or 19; shorter numbers may be titles


def find_conversations(term: str) -> QuerySet[Conversation]:
    """By id, by the two user ids of a direct one ("lower:higher"), or by the beginning of the title, its case as written."""
    term = term.strip()
    if (number := _id_of(term)) is not None:
        return Conversation.objects.filter(id=number)
    first, colon, second = term.partition(":")
    if colon and _id_of(first) and _id_of(second):
        lower, higher = sorted((int(first), int(second)))
        return Conversation.objects.filter(direct_key=f"{lower}:{higher}")
    return Conversation.objects.filter(_begins_with(term))


def find_memberships(term: str) -> QuerySet[Membership]:
    """By the conversation's id, or by the person: id, beginning of the username, whole e-mail address."""
    return Membership.objects.filter(pk__in=_rows(Membership.objects.all(), "user_id", term))


def find_changes(term: str) -> QuerySet[MembershipChange]:
    """By the conversation's id, or by whoever made the change."""
    return MembershipChange.objects.filter(pk__in=_rows(MembershipChange.objects.all(), "by_id", term))


def _rows(rows: "QuerySet[Membership] | QuerySet[MembershipChange]", person: str, term: str) -> list[int]:
    """Two questions, each by an index, rather than one OR that no planner need answer by any."""
    people = list(find_users(term).values_list("id", flat=True)[:FOUND_MAX])
    found = rows.filter(**{f"{person}__in": people}).order_by("-pk").values_list("pk", flat=True)
    ids = list(found[:FOUND_MAX]) if people else []
    if (number := _id_of(term.strip())) is not None:
        ids += rows.filter(conversation_id=number).order_by("-pk").values_list("pk", flat=True)[:FOUND_MAX]
    return ids


def _id_of(term: str) -> int | None:
    if not (term.isascii() and term.isdigit() and _ID_DIGITS_MIN <= len(term) <= 19):
        return None
    return min(int(term), MAX_ID)


def _begins_with(start: str) -> Q:
    """PostgreSQL has an index for LIKE 'start%'; SQLite's LIKE uses none, but its text sorts by bytes, so a range does."""
    if connection.vendor == "sqlite":
        return Q(title__gte=start, title__lt=f"{start}\U0010ffff")
    return Q(title__startswith=start)
