"""What the chat nodes ask of accounts, in batches: whose devices are live, which were revoked, and who was last active when."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from accounts.models import Device, User
from accounts.services.devices import oldest_use


def live_device_ids(users: Iterable[int]) -> dict[int, list[int]]:
    """The live devices of each of these users; users without any are left out."""
    devices: dict[int, list[int]] = {}
    found = Device.objects.filter(user_id__in=users, revoked_at=None, last_seen_at__gt=oldest_use(), user__is_active=True)
    for user, device in found.values_list("user_id", "id"):
        devices.setdefault(user, []).append(device)
    return devices


def devices_revoked_within(seconds: float) -> list[int]:
    """Devices revoked in the last seconds, by whatever process."""
    since = timezone.now() - timedelta(seconds=seconds)
    return list(Device.objects.filter(revoked_at__gte=since).values_list("id", flat=True))


def last_active(users: Iterable[int]) -> dict[int, int]:
    """When these users were last online (ms), as far as that is stored."""
    found = User.objects.filter(id__in=list(users), last_active_at__isnull=False).values_list("id", "last_active_at")
    return {user: int(at.timestamp() * 1000) for user, at in found if at is not None}


def note_last_active(moments: Mapping[int, int]) -> None:
    """Stores when users were last online (ms)."""
    users = [User(id=user, last_active_at=datetime.fromtimestamp(at / 1000, UTC)) for user, at in moments.items()]
    User.objects.bulk_update(users, ["last_active_at"], batch_size=500)
