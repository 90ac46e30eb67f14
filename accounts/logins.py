"""Follows logins, logouts and changed passwords, by whatever page or API they come, and keeps the devices right."""

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.headless.constants import Client
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.addresses import client_ip
from accounts.models import DEVICE_NAME_MAX, Device, User
from accounts.services.devices import follow_session, live_devices, register_device, revoke_all_devices, revoke_device
from accounts.sessions import SessionStore
from accounts.tokens import DEVICE_KEY, new_token
from accounts.user_agents import device_name
from chatsite.core.errors import Invalid
from chatsite.core.text import clean_name


@receiver(user_logged_in, dispatch_uid="accounts.logins.device")
def start_device(request: HttpRequest, user: User, **_: Any) -> None:
    """Makes the device of a login. A session that logs in once more as the same user keeps the one it has."""
    session: SessionStore = request.session  # type: ignore[assignment]
    known = session.get(DEVICE_KEY)
    if known is not None and live_devices(user).filter(id=known).exists():
        follow_session(known, user=user, session_key=session.session_key or "")
        return
    if _is_app(request):
        session.app_token = new_token()
        session.become_app()
    elif session.session_key is None:
        session.create()
    user_agent = request.headers.get("User-Agent", "")
    device = register_device(
        user=user,
        session_key=session.session_key or "",
        name=_given_name(request) or device_name(user_agent),
        user_agent=user_agent,
        ip=client_ip(request),
        token=session.app_token,
    )
    session[DEVICE_KEY] = device.id


@receiver(user_logged_out, dispatch_uid="accounts.logins.device")
def end_device(request: HttpRequest, user: User | None, **_: Any) -> None:
    """Revokes the device that logs out. Runs before Django empties the session."""
    device_id = request.session.get(DEVICE_KEY)
    device = Device.objects.filter(id=device_id, user=user).first() if device_id is not None and user else None
    if device is not None:
        revoke_device(device)


@receiver([password_changed, password_set], dispatch_uid="accounts.logins.password")
def end_other_devices(request: HttpRequest, user: User, **_: Any) -> None:
    """A changed password logs out everywhere but here, where Django has just given the session a new key."""
    here = request.session.get(DEVICE_KEY)
    if here is not None:
        follow_session(here, user=user, session_key=request.session.session_key or "")
    revoke_all_devices(user, except_device=here)


@receiver(password_reset, dispatch_uid="accounts.logins.reset")
def end_all_devices(user: User, **_: Any) -> None:
    """Whoever had to reset the password may have lost a device to somebody else."""
    revoke_all_devices(user)


def _is_app(request: HttpRequest) -> bool:
    headless = getattr(getattr(request, "allauth", None), "headless", None)
    return headless is not None and headless.client == Client.APP


def _given_name(request: HttpRequest) -> str:
    """The name the client gives the device (`X-Device-Name`, UTF-8), or "" when there is none fit to show."""
    raw = request.headers.get("X-Device-Name", "")
    try:
        return clean_name(raw.encode("latin-1").decode("utf-8"), longest=DEVICE_NAME_MAX, field="name")
    except (UnicodeError, Invalid):
        return ""
