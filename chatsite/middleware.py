"""Django's middlewares without a thread hop.

In an asynchronous request Django runs the hooks of each in a thread, twice a request, though most of them only look at headers. These run on
the event loop; what may read or write a database still goes to the thread.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, cast

from asgiref.sync import sync_to_async
from csp.middleware import CSPMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.locale import LocaleMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.deprecation import MiddlewareMixin

from accounts.sessions import BrowserSessions

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

if TYPE_CHECKING:
    _Middleware = MiddlewareMixin
else:
    _Middleware = object


class OnTheLoop(_Middleware):
    """Stands before a middleware of Django's in a class's bases."""

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase | None = None
        if hasattr(self, "process_request"):
            response = self.process_request(request)
        if response is None:
            response = await cast("Callable[[HttpRequest], Awaitable[HttpResponseBase]]", self.get_response)(request)
        if hasattr(self, "process_response"):
            finish: Any = self.process_response
            response = await sync_to_async(finish)(request, response) if self.has_to_save(request) else finish(request, response)
        return cast("HttpResponseBase", response)

    def has_to_save(self, request: HttpRequest) -> bool:
        """Whether a database may be needed for the response."""
        return False


class Security(OnTheLoop, SecurityMiddleware):
    pass


class ContentSecurityPolicy(OnTheLoop, CSPMiddleware):
    pass


class Sessions(OnTheLoop, BrowserSessions):
    def has_to_save(self, request: HttpRequest) -> bool:
        return bool(request.session.modified)


class Locale(OnTheLoop, LocaleMiddleware):
    pass


class Common(OnTheLoop, CommonMiddleware):
    pass


class Csrf(OnTheLoop, CsrfViewMiddleware):
    async def process_view(self, request: HttpRequest, callback: Any, args: Any, kwargs: Any) -> Any:  # type: ignore[override]
        """The body of a form is read in a thread."""
        check: Any = super().process_view
        if request.method in SAFE or getattr(callback, "csrf_exempt", False):
            return check(request, callback, args, kwargs)
        return await sync_to_async(check)(request, callback, args, kwargs)


class Authentication(OnTheLoop, AuthenticationMiddleware):
    pass


class Messages(OnTheLoop, MessageMiddleware):
    def has_to_save(self, request: HttpRequest) -> bool:
        messages: Any = getattr(request, "_messages", None)
        return messages is not None and bool(messages.used or messages.added_new)


class Framing(OnTheLoop, XFrameOptionsMiddleware):
    pass
