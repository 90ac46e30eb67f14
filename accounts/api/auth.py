"""Authenticates REST requests: an app by its device's token, a browser by its session cookie and, for writes, the CSRF token."""

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from ninja.security.base import AuthBase

from accounts.addresses import client_ip
from accounts.models import Device
from accounts.principal import Principal
from accounts.services.authentication import device_of_session, device_of_token
from accounts.services.devices import is_touch_due, touch_device
from accounts.tokens import DEVICE_KEY, token_of
from chatsite.core.errors import Forbidden, Unauthenticated

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class DeviceAuth(AuthBase):
    """Sets `request.auth` to the Principal. A token that is given but dead is refused, whatever cookie comes along."""

    openapi_type = "apiKey"
    openapi_in = "header"
    openapi_name = "X-Session-Token"
    csrf = True  # the documentation page sends the CSRF token along

    async def __call__(self, request: HttpRequest) -> Principal:
        token = token_of(request)
        device = await (device_of_token(token) if token else _device_of_cookie(request))
        if device is None:
            raise Unauthenticated
        if request.method in SAFE:
            await _note_use(request, device)
        user = device.user
        return Principal(user_id=user.id, device_id=device.id, username=user.username, is_staff=user.is_staff)


async def _device_of_cookie(request: HttpRequest) -> Device | None:
    user = await request.auser()
    if not user.is_authenticated:
        return None
    device_id = await request.session.aget(DEVICE_KEY)
    device = await device_of_session(device_id=device_id, user_id=user.pk) if device_id is not None else None
    if device is not None and request.method not in SAFE:
        _check_csrf(request)
    return device


class _CsrfCheck(CsrfViewMiddleware):
    """Django's check, which tells the reason instead of rendering a page."""

    def _reject(self, request: HttpRequest, reason: str) -> str:
        return reason


def _check_csrf(request: HttpRequest) -> None:
    """Runs what Django left out, since ninja's views are exempt. Raises Forbidden."""
    check = _CsrfCheck(lambda request: HttpResponse())
    check.process_request(request)
    if check.process_view(request, _nothing, (), {}) is not None:
        raise Forbidden("The CSRF token is missing or wrong")


def _nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


async def _note_use(request: HttpRequest, device: Device) -> None:
    """Never for writes, so never on the way of a message. A browser's session, and its cookie, last on from now."""
    if not is_touch_due(device):
        return
    wrote = await sync_to_async(touch_device)(device, ip=client_ip(request))
    if wrote and device.kind == Device.Kind.BROWSER:
        request.session.modified = True
