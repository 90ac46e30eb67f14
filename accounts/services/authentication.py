"""Who holds a credential, asked anew for every request, so that a revoked device or a suspended user is out at once."""

from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare

from accounts.models import Device
from accounts.services.devices import oldest_use, token_digest


async def device_of_token(token: str) -> Device | None:
    """The live device (with its user) that holds an app's token; None when the token is not, or no longer, good."""
    device = await _live().filter(token_digest=token_digest(token)).afirst()
    return device if device is not None and _password_unchanged(device) else None


async def device_of_session(*, device_id: int, user_id: int) -> Device | None:
    """The live device (with its user) of a browser session that Django has already verified."""
    return await _live().filter(id=device_id, user_id=user_id, kind=Device.Kind.BROWSER).afirst()


def _live() -> QuerySet[Device]:
    return Device.objects.select_related("user").filter(revoked_at=None, last_seen_at__gt=oldest_use(), user__is_active=True)


def _password_unchanged(device: Device) -> bool:
    hashes = (device.user.get_session_auth_hash(), *device.user.get_session_auth_fallback_hash())
    return any(constant_time_compare(device.auth_hash, known) for known in hashes)
