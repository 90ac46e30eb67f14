"""Shows pages in the language their reader chose, whatever the browser prefers."""

from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.decorators import sync_and_async_middleware

Respond = Callable[[HttpRequest], HttpResponseBase]
RespondLater = Callable[[HttpRequest], Awaitable[HttpResponseBase]]
_NOT_PAGES = ("/api/", "/static/")


@sync_and_async_middleware
def user_language(get_response: Respond | RespondLater) -> Respond | RespondLater:
    """Stands after AuthenticationMiddleware. APIs are left out: apps ask by Accept-Language, browsers by the cookie set here."""
    if iscoroutinefunction(get_response):

        async def respond_later(request: HttpRequest) -> HttpResponseBase:
            if request.path.startswith(_NOT_PAGES) or settings.SESSION_COOKIE_NAME not in request.COOKIES:
                return cast("HttpResponseBase", await get_response(request))
            await sync_to_async(_speak)(request)
            return _remember(request, await get_response(request))

        return respond_later

    def respond(request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(_NOT_PAGES) or settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return get_response(request)  # type: ignore[return-value]
        _speak(request)
        return _remember(request, get_response(request))  # type: ignore[arg-type]

    return respond


def _speak(request: HttpRequest) -> None:
    """Switches to the reader's language for the rest of the request."""
    locale = request.user.locale if request.user.is_authenticated else ""
    if locale and locale != translation.get_language():
        translation.activate(locale)
        request.LANGUAGE_CODE = locale


def _remember(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Keeps the language in Django's cookie, for API calls and for after the logout."""
    locale = translation.get_language()
    if locale and request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) != locale and request.user.is_authenticated:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, locale, max_age=settings.SESSION_COOKIE_AGE, samesite="Lax", secure=settings.HTTPS
        )
    return response
