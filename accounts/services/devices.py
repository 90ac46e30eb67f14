"""Devices: every login is one, and revoking it ends that login everywhere at once.

Nothing about a device is cached: each request reads its row, so that a revocation holds from the next request on.
"""

import hashlib
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import DEVICE_NAME_MAX, USER_AGENT_MAX, Device, User
from chatsite.core.errors import NotFound
from chatsite.core.text import clean_name
from chatsite.edge.sessions import close_devices

TOUCH_SECONDS = 600


def token_digest(token: str) -> bytes:
    """What is kept of an app's token. Tokens are 256 random bits, so a plain hash cannot be guessed back."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def register_device(
    *,
    user: User,
    session_key: str,
    name: str,
    user_agent: str = "",
    ip: str | None = None,
    token: str | None = None,
) -> Device:
    """The device of a login that just succeeded: an app's if it got a `token`, else a browser's."""
    return Device.objects.create(
        user=user,
        kind=Device.Kind.APP if token else Device.Kind.BROWSER,
        name=name[:DEVICE_NAME_MAX],
        user_agent=user_agent[:USER_AGENT_MAX],
        ip=ip,
        session_key=session_key,
        token_digest=token_digest(token) if token else None,
        auth_hash=user.get_session_auth_hash(),
    )


def live_devices(user: User) -> QuerySet[Device]:
    """Devices that are neither revoked nor unused for longer than a session lasts."""
    return Device.objects.filter(user=user, revoked_at=None, last_seen_at__gt=oldest_use())


def oldest_use() -> datetime:
    """A device last seen before this time has lapsed."""
    return timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE)


def list_devices(user: User) -> list[Device]:
    """The user's live devices, the most recently used first."""
    return list(live_devices(user).order_by("-last_seen_at", "-id"))


def find_device(user: User, *, device_id: int) -> Device:
    """One live device of this user. Raises NotFound, also for somebody else's."""
    device = live_devices(user).filter(id=device_id).first() if device_id < 1 << 63 else None
    if device is None:
        raise NotFound
    return device


def rename_device(device: Device, *, name: str) -> Device:
    """Gives the device a name its owner will know. Raises Invalid."""
    device.name = clean_name(name, longest=DEVICE_NAME_MAX, field="name")
    device.save(update_fields=["name"])
    return device


def follow_session(device_id: int, *, user: User, session_key: str) -> None:
    """Keeps a device with its session after Django cycled the key (a changed password, say)."""
    Device.objects.filter(id=device_id, user=user, revoked_at=None).update(
        session_key=session_key, auth_hash=user.get_session_auth_hash()
    )


def is_touch_due(device: Device) -> bool:
    """Whether its use was noted longer than TOUCH_SECONDS ago."""
    return device.last_seen_at <= timezone.now() - timedelta(seconds=TOUCH_SECONDS)


def touch_device(device: Device, *, ip: str | None = None) -> bool:
    """Notes that the device is in use, if that is due; an app's session lasts on from now. True if it wrote."""
    if not is_touch_due(device):
        return False
    now = timezone.now()
    device.last_seen_at, device.ip = now, ip or device.ip
    Device.objects.filter(id=device.id).update(last_seen_at=now, ip=device.ip)
    if device.kind == Device.Kind.APP:
        Session.objects.filter(session_key=device.session_key).update(
            expire_date=now + timedelta(seconds=settings.SESSION_COOKIE_AGE)
        )
    return True


def revoke_device(device: Device) -> None:
    """Ends one login: its token and session stop at once, its sockets close."""
    _revoke(Device.objects.filter(id=device.id))


def revoke_all_devices(user: User, *, except_device: int | None = None) -> int:
    """Ends every login of the user but one. Returns how many there were."""
    devices = Device.objects.filter(user=user)
    return _revoke(devices if except_device is None else devices.exclude(id=except_device))


def _revoke(devices: QuerySet[Device]) -> int:
    with transaction.atomic():
        live = dict(devices.filter(revoked_at=None).values_list("id", "session_key"))
        Device.objects.filter(id__in=live).update(revoked_at=timezone.now(), token_digest=None, session_key="", auth_hash="")
        keys = [key for key in live.values() if key]
        Session.objects.filter(session_key__in=keys).delete()
        UserSession.objects.filter(session_key__in=keys).delete()
        transaction.on_commit(lambda: close_devices(list(live)))
    return len(live)
