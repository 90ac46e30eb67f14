"""One push to one device, now, so that its owner sees whether it comes."""

from asgiref.sync import sync_to_async
from django.utils.translation import gettext

from accounts.models import Device
from chatsite.core.errors import NotFound, RateLimited
from chatsite.core.ratelimit import RateLimiter
from notifications.models import Subscription
from notifications.protocol import Notice, Outcome, Push, Subscriber
from notifications.services.sending import Sender
from notifications.services.subscriptions import note_outcomes, subscriber

TESTS_PER_SECOND = 0.1
TESTS_AT_ONCE = 5
_tests = RateLimiter()


async def try_device(user: int, device: int) -> Outcome:
    """Raises NotFound for a device that takes no pushes, and RateLimited."""
    wait_seconds = _tests.allow(user, TESTS_PER_SECOND, TESTS_AT_ONCE)
    if wait_seconds is not None:
        raise RateLimited(retry_after=wait_seconds)
    target = await sync_to_async(_find)(device)
    sender = Sender()
    try:
        went = await sender.send(Push(target, Notice("test", title="Chatsite", body=gettext("Pushes arrive on this device."))))
    finally:
        await sender.close()
    await sync_to_async(note_outcomes)([went])
    return went.outcome


def _find(device: int) -> Subscriber:
    found = Subscription.objects.select_related("device").filter(device_id=device, device__revoked_at=None).first()
    if found is None:
        raise NotFound("This device takes no pushes")
    owner: Device = found.device
    return subscriber(found, owner)
