"""Where devices take pushes: subscribed, moved to another person, forgotten, and how the last pushes went."""

import hashlib
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

import msgspec
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.models import Device
from accounts.services.devices import oldest_use
from chatsite.core.errors import Conflict, Invalid
from notifications.gateways import web
from notifications.models import FAILURE_MAX, Subscription, Tally
from notifications.protocol import Dropped, Gone, Later, Omitted, Outcome, Push, Refused, Sent, Subscriber

logger = logging.getLogger(__name__)

TOKEN_MAX = 4_096
# A success is noted at most so often, unless it ends a row of failures: most pushes write nothing here.
NOTE_EVERY = timedelta(minutes=10)


class Went(msgspec.Struct, frozen=True):
    """How one push went, and how long the service took (s)."""

    push: Push
    outcome: Outcome
    seconds: float = 0.0


def gateways() -> list[str]:
    """The names of those that are set up here."""
    return list(settings.PUSH_GATEWAYS)


def subscribe_browser(device: int, *, endpoint: str, p256dh: str, secret: str, server_key: str) -> Subscription:
    """Raises Invalid for an endpoint that we would not send to, and Conflict for one made for another VAPID key."""
    _require_gateway("web")
    web.require_endpoint(endpoint, settings.PUSH_HOSTS)
    web.require_keys(p256dh, secret)
    if server_key != settings.VAPID_PUBLIC_KEY:
        raise Conflict("The browser subscribed with a key that is not in use any more")
    return _subscribe(
        Subscription(device_id=device, gateway="web", address=endpoint, p256dh=p256dh, secret=secret, server_key=server_key)
    )


def subscribe_app(device: int, *, gateway: str, token: str, is_sandbox: bool = False) -> Subscription:
    """Raises Invalid for what is no token."""
    _require_gateway(gateway)
    if not token.isascii() or not token.isprintable() or " " in token or not 0 < len(token) <= TOKEN_MAX:
        raise Invalid("That is no registration token", field="token")
    if gateway == "apns" and not _is_hex(token):
        raise Invalid("That is no device token of Apple's: hexadecimal digits", field="token")
    return _subscribe(Subscription(device_id=device, gateway=gateway, address=token, is_sandbox=is_sandbox))


def _require_gateway(gateway: str) -> None:
    if gateway not in gateways():
        raise Invalid("This instance does not send pushes that way", field="gateway")


def _is_hex(token: str) -> bool:
    return len(token) <= 200 and all(sign in "0123456789abcdefABCDEF" for sign in token)


def _subscribe(wanted: Subscription) -> Subscription:
    """Takes the address from whichever device had it: it is the same browser or phone, and who logged in there last has it."""
    wanted.address_digest = hashlib.sha256(f"{wanted.gateway} {wanted.address}".encode()).digest()
    known = Subscription.objects.filter(device_id=wanted.device_id, address_digest=wanted.address_digest).first()
    if known is not None and (known.p256dh, known.secret, known.server_key, known.is_sandbox) == (
        wanted.p256dh, wanted.secret, wanted.server_key, wanted.is_sandbox,
    ):  # fmt: skip
        return known  # clients say it again at every start
    try:
        with transaction.atomic():
            Subscription.objects.filter(address_digest=wanted.address_digest).delete()
            Subscription.objects.filter(device_id=wanted.device_id).delete()
            wanted.save(force_insert=True)
    except IntegrityError:  # the same address from two devices in one moment
        raise Conflict("Another device took that address in the same moment; try again") from None
    return wanted


def unsubscribe(device: int) -> None:
    Subscription.objects.filter(device_id=device).delete()


def forget_revoked(*, within_seconds: float) -> int:
    """Those of devices that were logged out lately: an address is a password of sorts, and not kept for nothing."""
    since = timezone.now() - timedelta(seconds=within_seconds)
    forgotten, _ = Subscription.objects.filter(device__revoked_at__gte=since).delete()
    return forgotten


def subscription_of(device: int) -> Subscription | None:
    return Subscription.objects.filter(device_id=device).first()


def _of_live_devices() -> "QuerySet[Subscription]":
    live = Subscription.objects.filter(device__revoked_at=None, device__last_seen_at__gt=oldest_use())
    return live.select_related("device")


def list_subscriptions(user: int) -> list[Subscription]:
    """Those of live devices, the newest first, with their devices."""
    return list(_of_live_devices().filter(device__user_id=user).order_by("-created_at"))


def subscribers_of(users: Collection[int]) -> dict[int, list[tuple[Subscriber, int]]]:
    """Live devices that take pushes, each with the time (ms) before which its service wants no more; 0: at once."""
    found = _of_live_devices().filter(device__user_id__in=users, device__user__is_active=True, gateway__in=gateways())
    subscribers: dict[int, list[tuple[Subscriber, int]]] = {}
    for one in found:
        retry_at = int(one.retry_at.timestamp() * 1000) if one.retry_at else 0
        subscribers.setdefault(one.device.user_id, []).append((subscriber(one, one.device), retry_at))
    return subscribers


def subscriber(one: Subscription, device: Device) -> Subscriber:
    return Subscriber(
        device=device.id, user=device.user_id, gateway=one.gateway, address=one.address, p256dh=one.p256dh, secret=one.secret,
        server_key=one.server_key, sandbox=one.is_sandbox,
    )  # fmt: skip


def note_outcomes(went: Iterable[Went]) -> None:
    """After each round: forgets what is gone, remembers successes and errors, and counts."""
    went = [one for one in went if not isinstance(one.outcome, Omitted)]
    now = timezone.now()
    sent = [one.push.subscriber.device for one in went if isinstance(one.outcome, Sent)]
    well = Subscription.objects.filter(device_id__in=sent).exclude(succeeded_at__gt=now - NOTE_EVERY, failure="")
    well.update(succeeded_at=now, failure="", retry_at=None)
    for one in went:
        _note_failure(one.push.subscriber, one.outcome, now)
    for reason in {f"{one.push.subscriber.gateway}: {one.outcome.reason}" for one in went if isinstance(one.outcome, Refused)}:
        logger.error("pushes are refused. %s", reason)
    _count(went, now)


def _note_failure(subscriber: Subscriber, outcome: Outcome, now: datetime) -> None:
    mine = Subscription.objects.filter(device_id=subscriber.device, address=subscriber.address)
    match outcome:
        case Gone(since=since):
            gone = mine if since is None else mine.filter(created_at__lt=datetime.fromtimestamp(since / 1000, UTC))
            gone.delete()
            logger.info("device %d takes no more pushes: %s", subscriber.device, outcome.reason)
        case Later(seconds=seconds):
            wait = None if seconds is None else now + timedelta(seconds=seconds)
            mine.update(failed_at=now, failure=outcome.reason[:FAILURE_MAX], retry_at=wait)
        case Refused() | Dropped():
            mine.update(failed_at=now, failure=outcome.reason[:FAILURE_MAX])


def _count(went: list[Went], now: datetime) -> None:
    counted: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one in went:
        tally = counted[one.push.subscriber.gateway]
        tally[type(one.outcome).__name__.lower()] += 1
        if isinstance(one.outcome, Sent):
            tally["waited_ms"] += round(one.seconds * 1000)
    hour = now.replace(minute=0, second=0, microsecond=0)
    for gateway, tally in counted.items():
        Tally.objects.get_or_create(hour=hour, gateway=gateway)
        Tally.objects.filter(hour=hour, gateway=gateway).update(**{name: F(name) + count for name, count in tally.items()})
