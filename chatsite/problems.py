"""Maps everything that can go wrong in a REST request to an RFC 9457 problem (docs/protocol.md, "Error codes")."""

import logging
from collections.abc import Callable
from typing import Any

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_noop
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, AuthorizationError, HttpError, Throttled, ValidationError
from ninja.parser import Parser

from chatsite.core.errors import (
    BadRequest,
    ChatsiteError,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from chatsite.core.outages import OUTAGES

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
# What pydantic says when a value is of the wrong kind, rather than a wrong value: its error types end so, or are these.
_WRONG_KIND_ENDINGS = ("_type", "_parsing", "_from_float")
_WRONG_KINDS = frozenset({"missing", "int_parsing_size", "model_attributes_type"})


class Internal(ChatsiteError):
    """Our own fault; the log knows more, the caller must not."""

    code, status, title = "internal", 500, gettext_noop("The server failed")


class JsonBody(Parser):
    """Reads bodies strictly: no NaN, no lone surrogates, no towers of brackets."""

    def parse_body(self, request: HttpRequest) -> Any:
        try:
            return msgspec.json.decode(request.body, type=dict)
        except (msgspec.DecodeError, RecursionError, ValueError):
            raise BadRequest("The body is not a readable JSON object") from None


def problem(error: ChatsiteError) -> HttpResponse:
    """The response for a refusal."""
    body = {"type": "about:blank", **error.as_dict()}
    response = HttpResponse(msgspec.json.encode(body), status=error.status, content_type=CONTENT_TYPE)
    if error.retry_after is not None:
        response["Retry-After"] = str(max(1, round(error.retry_after)))
    return response


def tell_problems(api: NinjaAPI) -> None:
    """Makes the API answer every exception with a problem."""

    def mapped(meaning: Callable[[Any], ChatsiteError]) -> Callable[[HttpRequest, Any], HttpResponse]:
        return lambda request, error: problem(meaning(error))

    api.add_exception_handler(ChatsiteError, mapped(lambda error: error))
    api.add_exception_handler(ValidationError, mapped(_of_validation))
    api.add_exception_handler(HttpError, mapped(_of_http_error))
    api.add_exception_handler(RequestDataTooBig, mapped(lambda _: TooLarge()))
    api.add_exception_handler(Http404, mapped(lambda _: NotFound()))
    for outage in OUTAGES:
        api.add_exception_handler(outage, _tell_outage)
    api.add_exception_handler(Exception, _fail)


def _of_validation(error: ValidationError) -> ChatsiteError:
    first = error.errors[0]
    where = [str(part) for part in first["loc"]]
    field = where[-1] if len(where) > (2 if where[0] == "body" else 1) else None  # a body's second part names the parameter
    kind = str(first["type"])
    if where[0] in {"path", "query"} or kind in _WRONG_KINDS or kind.endswith(_WRONG_KIND_ENDINGS):
        return BadRequest(str(first["msg"]), field=field)
    return Invalid(str(first["msg"]), field=field)


def _of_http_error(error: HttpError) -> ChatsiteError:
    """ninja wraps whatever a parser raises; the cause says what it was."""
    if isinstance(error, Throttled):
        return RateLimited(retry_after=error.wait)
    if isinstance(error, AuthenticationError):
        return Unauthenticated()
    if isinstance(error, AuthorizationError):
        return Forbidden()
    if isinstance(error.__cause__, ChatsiteError):
        return error.__cause__
    return {403: Forbidden, 404: NotFound, 413: TooLarge}.get(error.status_code, BadRequest)(error.message)


def _tell_outage(request: HttpRequest, error: Any) -> HttpResponse:
    logger.warning("%s %s: a server is away: %s", request.method, request.path, type(error).__name__)
    return problem(Unavailable(retry_after=1))


def _fail(request: HttpRequest, error: Any) -> HttpResponse:
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return problem(Internal())
