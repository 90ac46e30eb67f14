"""Invite links: a person is found by whoever they gave their link to."""

import secrets

from accounts.models import InviteLink, User
from accounts.services.ties import require_not_apart
from chatsite.core.errors import NotFound

CODE_BYTES = 16


def read_code(user: int) -> str | None:
    """The code of the user's link; None if they have none."""
    return InviteLink.objects.filter(user_id=user).values_list("code", flat=True).first()


def renew_code(user: int) -> str:
    """Makes a link; the one before is worth nothing from now on."""
    link, _ = InviteLink.objects.update_or_create(user_id=user, defaults={"code": secrets.token_urlsafe(CODE_BYTES)})
    return link.code


def withdraw_code(user: int) -> None:
    InviteLink.objects.filter(user_id=user).delete()


def find_by_code(viewer: int, code: str) -> User:
    """Raises NotFound for a link that nobody has, or who has blocked the viewer."""
    link = InviteLink.objects.filter(code=code, user__is_active=True).select_related("user").first()
    if link is None:
        raise NotFound("This invite link is not valid, or not any more")
    try:
        return require_not_apart(viewer, link.user)
    except NotFound:
        raise NotFound("This invite link is not valid, or not any more") from None
