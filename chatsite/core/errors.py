"""Everything a caller can be told, raised by meaning; the edges map these to an `error` frame or an RFC 9457 problem.

Titles and details are written in English where they are raised, and said in the language of the request: they are message ids of the
gettext catalogue, which `manage.py makemessages` collects from the raising lines.
"""

from typing import ClassVar

from django.utils.translation import gettext, gettext_noop

from chatsite.core import startup


class ChatsiteError(Exception):
    """A refusal the caller may read. `detail` is shown to people: never put a secret or message text in it.

    Numbers and names go into it as values: `Invalid("At most %(count)d characters", field="text", count=99_999)`.
    """

    code: ClassVar[str] = "unavailable"
    status: ClassVar[int] = 503
    title: ClassVar[str] = gettext_noop("A part of the service is away")

    def __init__(self, detail: str = "", *, field: str | None = None, retry_after: float | None = None, **values: object) -> None:
        self._detail, self._values = detail or self.title, values
        super().__init__(self._detail % values if values else self._detail)
        self.field = field
        self.retry_after = retry_after

    @property
    def detail(self) -> str:
        """Said in the language of whoever asks, not of whoever raised it: the message road refuses on behalf of many at once."""
        said = gettext(self._detail)
        return said % self._values if self._values else said

    def as_dict(self) -> dict[str, object]:
        """The error object of docs/protocol.md."""
        problem: dict[str, object] = {
            "code": self.code,
            "title": gettext(self.title),
            "detail": self.detail,
            "status": self.status,
        }
        if self.field is not None:
            problem["field"] = self.field
        if self.retry_after is not None:
            problem["retry_after"] = round(self.retry_after, 3)
        return problem


class BadRequest(ChatsiteError):
    code, status, title = "bad_request", 400, gettext_noop("The request cannot be read")


class Invalid(ChatsiteError):
    code, status, title = "invalid", 422, gettext_noop("A value is refused")


class Unauthenticated(ChatsiteError):
    code, status, title = "unauthenticated", 401, gettext_noop("Log in first")


class Forbidden(ChatsiteError):
    code, status, title = "forbidden", 403, gettext_noop("You may not do that")


class NotFound(ChatsiteError):
    code, status, title = "not_found", 404, gettext_noop("There is no such thing here")


class NotAMember(NotFound):
    """The same answer a stranger to a missing conversation gets: membership is not to be guessed."""


class Conflict(ChatsiteError):
    code, status, title = "conflict", 409, gettext_noop("That does not fit what is there")


class GroupFull(Conflict):
    code, title = "full", gettext_noop("The group is full")


class TooLarge(ChatsiteError):
    code, status, title = "too_large", 413, gettext_noop("Too large")


class RateLimited(ChatsiteError):
    code, status, title = "rate_limited", 429, gettext_noop("Too many requests")


class Busy(ChatsiteError):
    code, status, title = "busy", 429, gettext_noop("Too many sends under way")


class Unavailable(ChatsiteError):
    """The defaults of the base: 503."""


StartupRefused = startup.StartupRefused
