"""Everything a caller can be told, raised by meaning; the edges map these to an `error` frame or an RFC 9457 problem."""

from typing import ClassVar


class ChatsiteError(Exception):
    """A refusal the caller may read. `detail` is shown to people: never put a secret or message text in it."""

    code: ClassVar[str] = "unavailable"
    status: ClassVar[int] = 503
    title: ClassVar[str] = "A part of the service is away"

    def __init__(self, detail: str = "", *, field: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.field = field
        self.retry_after = retry_after

    def as_dict(self) -> dict[str, object]:
        """The error object of docs/protocol.md."""
        problem: dict[str, object] = {"code": self.code, "title": self.title, "detail": self.detail, "status": self.status}
        if self.field is not None:
            problem["field"] = self.field
        if self.retry_after is not None:
            problem["retry_after"] = round(self.retry_after, 3)
        return problem


class BadRequest(ChatsiteError):
    code, status, title = "bad_request", 400, "The request cannot be read"


class Invalid(ChatsiteError):
    code, status, title = "invalid", 422, "A value is refused"


class Unauthenticated(ChatsiteError):
    code, status, title = "unauthenticated", 401, "Log in first"


class Forbidden(ChatsiteError):
    code, status, title = "forbidden", 403, "You may not do that"


class NotFound(ChatsiteError):
    code, status, title = "not_found", 404, "There is no such thing here"


class NotAMember(NotFound):
    """The same answer a stranger to a missing conversation gets: membership is not to be guessed."""


class Conflict(ChatsiteError):
    code, status, title = "conflict", 409, "That does not fit what is there"


class GroupFull(Conflict):
    code, title = "full", "The group is full"


class TooLarge(ChatsiteError):
    code, status, title = "too_large", 413, "Too large"


class RateLimited(ChatsiteError):
    code, status, title = "rate_limited", 429, "Too many requests"


class Busy(ChatsiteError):
    code, status, title = "busy", 429, "Too many sends under way"


class Unavailable(ChatsiteError):
    """The defaults of the base: 503."""


class StartupRefused(RuntimeError):
    """The server cannot start as things are; the text tells the operator why, and `serve` prints just that."""
