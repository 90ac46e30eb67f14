"""Sessions of two kinds that cannot be mistaken for one another: a browser's cookie opens only a browser's session.

An app holds a token, never a session key; its session is kept under a key with APP_PREFIX, which `BrowserSessions` refuses
as a cookie.
"""

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest

APP_PREFIX = "app-"


class SessionStore(DatabaseSessions):
    """Django's database sessions; one that became an app's stays an app's however often its key is cycled."""

    # The app's token in the clear, only while the request that made or showed it runs; never saved.
    app_token: str | None = None
    _for_app = False

    @property
    def is_app(self) -> bool:
        return self._for_app or (self.session_key or "").startswith(APP_PREFIX)

    def become_app(self) -> None:
        """Moves the session under an app's key. Its old key opens nothing any more."""
        if not self.is_app:
            self._for_app = True
            self.cycle_key()

    def _get_new_session_key(self) -> str:
        return self._marked(super()._get_new_session_key())  # type: ignore[misc]

    async def _aget_new_session_key(self) -> str:
        return self._marked(await super()._aget_new_session_key())  # type: ignore[misc]

    def _marked(self, key: str) -> str:
        return f"{APP_PREFIX}{key}" if self.is_app else key


class BrowserSessions(SessionMiddleware):
    """Opens the session that the cookie names, unless it is an app's."""

    def process_request(self, request: HttpRequest) -> None:
        key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        if key and key.startswith(APP_PREFIX):
            key = None
        request.session = self.SessionStore(key)
