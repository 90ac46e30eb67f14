"""Who holds a credential, asked anew for every request, so that a revoked device or a suspended user is out at once."""

import asyncio
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from django.db import connection
from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare

from accounts.models import Device
from accounts.services.devices import oldest_use, token_digest
from chatsite.core.batch import Batcher

TOKENS_AT_ONCE = 200

# When everybody comes back at once, one question is asked for all whose requests came in meanwhile.
_batchers: "WeakKeyDictionary[asyncio.AbstractEventLoop, Batcher[bytes, Device | None]]" = WeakKeyDictionary()


async def device_of_token(token: str) -> Device | None:
    """The live device (with its user) that holds an app's token; None when the token is not, or no longer, good."""
    loop = asyncio.get_running_loop()
    batcher = _batchers.get(loop)
    if batcher is None:
        batcher = _batchers[loop] = Batcher(_devices_of, most=TOKENS_AT_ONCE)
    (device,) = await batcher.ask([token_digest(token)])
    return device


async def _devices_of(digests: Sequence[bytes]) -> list[Device | None]:
    found: dict[bytes, Device] = await sync_to_async(_by_digest)(digests)
    return [found.get(digest) for digest in digests]


def _by_digest(digests: Sequence[bytes]) -> dict[bytes, Device]:
    try:
        devices = _live().filter(token_digest__in=set(digests))
        return {bytes(device.token_digest or b""): device for device in devices if _password_unchanged(device)}
    finally:
        # No request's end gives this thread's connection back to the pool. Within a transaction somebody else does, a test.
        if "pool" in connection.settings_dict["OPTIONS"] and not connection.in_atomic_block:
            connection.close()


async def device_of_session(*, device_id: int, user_id: int) -> Device | None:
    """The live device (with its user) of a browser session that Django has already verified."""
    return await _live().filter(id=device_id, user_id=user_id, kind=Device.Kind.BROWSER).afirst()


def _live() -> QuerySet[Device]:
    return Device.objects.select_related("user").filter(revoked_at=None, last_seen_at__gt=oldest_use(), user__is_active=True)


def _password_unchanged(device: Device) -> bool:
    hashes = (device.user.get_session_auth_hash(), *device.user.get_session_auth_fallback_hash())
    return any(constant_time_compare(device.auth_hash, known) for known in hashes)
