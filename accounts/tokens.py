"""What an app holds instead of a cookie: a random token for each login, kept here only as its SHA-256.

allauth's own strategy hands out the session key; ours never lets one leave the server. Until a login is complete (a second
factor is due, say) the app holds a sealed, short-lived reference to the pending session, worthless after it.
"""

import secrets

from allauth.headless.tokens.strategies.base import AbstractTokenStrategy
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest

from accounts.models import Device
from accounts.sealing import Unreadable, seal, unseal
from accounts.services.devices import oldest_use, token_digest
from accounts.sessions import SessionStore

PENDING_PREFIX = "pending."
PENDING_SECONDS = 15 * 60
DEVICE_KEY = "device"  # the session's entry that names its device
_PURPOSE = "pending session"


def new_token() -> str:
    """256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def token_of(request: HttpRequest) -> str | None:
    """The token a request carries: `X-Session-Token`, else `Authorization: Bearer`."""
    if token := request.headers.get("X-Session-Token"):
        return token
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


class DeviceTokens(AbstractTokenStrategy):
    """allauth's port for tokens, on devices. A token stays the same while its device lives."""

    def get_session_token(self, request: HttpRequest) -> str | None:
        return token_of(request)

    def create_session_token(self, request: HttpRequest) -> str:
        session: SessionStore = request.session  # type: ignore[assignment]
        if session.app_token is not None:
            return session.app_token
        session.become_app()
        return PENDING_PREFIX + seal(session.session_key or "", purpose=_PURPOSE)

    def lookup_session(self, session_token: str) -> SessionStore | None:
        """The session behind a token; None when it is unknown, revoked, expired or spent."""
        if session_token.startswith(PENDING_PREFIX):
            return _pending_session(session_token.removeprefix(PENDING_PREFIX))
        return _device_session(session_token)


def _pending_session(sealed: str) -> SessionStore | None:
    try:
        key = unseal(sealed, purpose=_PURPOSE, max_age_seconds=PENDING_SECONDS)
    except Unreadable:
        return None
    session = SessionStore(key)
    if session.get(SESSION_KEY) is not None or session.session_key is None:
        return None
    return session


def _device_session(token: str) -> SessionStore | None:
    device = (
        Device.objects.filter(
            token_digest=token_digest(token), revoked_at=None, last_seen_at__gt=oldest_use(), user__is_active=True
        )
        .only("id", "session_key")
        .first()
    )
    if device is None:
        return None
    session = SessionStore(device.session_key)
    if session.get(DEVICE_KEY) != device.id or session.session_key is None:
        return None
    session.app_token = token
    return session
