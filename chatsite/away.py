"""Answers 503 where a part of the service was away in the middle of a page or of a login; `/api/v1` does so by itself."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import sync_and_async_middleware

from chatsite.core.errors import Unavailable
from chatsite.core.outages import refusal_of
from chatsite.problems import problem

logger = logging.getLogger(__name__)

Respond = Callable[[HttpRequest], HttpResponseBase]
RespondLater = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def part_is_away(get_response: Respond | RespondLater) -> Any:
    """Adds nothing to a request that goes well, not even a thread hop."""
    respond: Any
    if iscoroutinefunction(get_response):

        async def respond_later(request: HttpRequest) -> HttpResponseBase:
            return await cast("RespondLater", get_response)(request)

        respond = respond_later
    else:

        def respond_now(request: HttpRequest) -> HttpResponseBase:
            return cast("Respond", get_response)(request)

        respond = respond_now
    respond.process_exception = _answer
    return respond


def _answer(request: HttpRequest, exception: Exception) -> HttpResponse | None:
    refusal = refusal_of(exception)
    if not isinstance(refusal, Unavailable):
        return None
    logger.warning("%s %s: %s", request.method, request.path, exception)
    if request.path.startswith("/api/"):
        return problem(refusal)
    page = render(request, "503.html", status=refusal.status)
    page["Retry-After"] = str(max(1, round(refusal.retry_after or 1)))
    return page
