"""Sends Cross-Origin-Opener-Policy only where browsers heed it: elsewhere they log an error on every page."""

from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from chatsite.core.hosts import is_this_machine

HEADER = "Cross-Origin-Opener-Policy"
Respond = Callable[[HttpRequest], HttpResponseBase]
RespondLater = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def opener_policy(get_response: Respond | RespondLater) -> Respond | RespondLater:
    """Stands before Django's SecurityMiddleware, which sends it always."""
    if iscoroutinefunction(get_response):

        async def respond_later(request: HttpRequest) -> HttpResponseBase:
            return _fitting(request, await cast("RespondLater", get_response)(request))

        return respond_later

    def respond(request: HttpRequest) -> HttpResponseBase:
        return _fitting(request, cast("Respond", get_response)(request))

    return respond


def _fitting(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    # The header as it came: get_host() raises for a host that is not ours, which has been answered by now.
    if not request.is_secure() and not is_this_machine(request.headers.get("Host", "")):
        response.headers.pop(HEADER, None)
    return response
