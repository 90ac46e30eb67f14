"""The JSON of pushes."""

from collections.abc import Mapping
from datetime import time
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from accounts.api.schemas import Milliseconds, milliseconds
from notifications.models import Preferences, Subscription
from notifications.services.preferences import Wish

Clock = Annotated[time, Field(description="HH:MM")]
Token = Annotated[str, Field(min_length=1, max_length=4_096)]


class QuietHours(Schema):
    """Nothing is pushed between these times of the day, where the person lives; over midnight too."""

    begin: Clock
    end: Clock
    time_zone: Annotated[str, Field(max_length=60, description="By its name in the IANA database")]


class SubscriptionOut(Schema):
    """Where this device takes pushes, and how the last ones went."""

    gateway: Literal["web", "fcm", "apns", "console"]
    vapid_key: str | None = None
    created_at: Milliseconds
    succeeded_at: Milliseconds | None
    failed_at: Milliseconds | None
    failure: str

    @classmethod
    def of(cls, one: Subscription) -> "SubscriptionOut":
        return cls(
            gateway=one.gateway,  # type: ignore[arg-type]
            vapid_key=one.server_key or None,
            created_at=milliseconds(one.created_at),
            succeeded_at=milliseconds(one.succeeded_at) if one.succeeded_at else None,
            failed_at=milliseconds(one.failed_at) if one.failed_at else None,
            failure=one.failure,
        )


class PushOut(Schema):
    """What I want of pushes, and what this instance can send."""

    gateways: list[Literal["web", "fcm", "apns", "console"]]
    vapid_key: str | None
    subscription: SubscriptionOut | None
    previews: bool
    quiet_hours: QuietHours | None
    muted_until: Milliseconds | None

    @classmethod
    def of(cls, chosen: Preferences, subscription: Subscription | None, *, gateways: list[str], vapid_key: str) -> "PushOut":
        quiet = None
        if chosen.quiet_from is not None and chosen.quiet_until is not None:
            quiet = QuietHours(begin=chosen.quiet_from, end=chosen.quiet_until, time_zone=chosen.time_zone)
        return cls(
            gateways=gateways,  # type: ignore[arg-type]
            vapid_key=vapid_key or None,
            subscription=SubscriptionOut.of(subscription) if subscription else None,
            previews=chosen.previews,
            quiet_hours=quiet,
            muted_until=milliseconds(chosen.muted_until) if chosen.muted_until else None,
        )


class PushIn(Schema):
    """What to change. `null` ends quiet hours and muting."""

    previews: bool | None = None
    quiet_hours: QuietHours | None = None
    muted_until: Annotated[int, Field(ge=0, le=253_402_300_799_000)] | None = None


class BrowserKeys(Schema):
    """As `PushSubscription.toJSON()` has them."""

    p256dh: Annotated[str, Field(max_length=200)]
    auth: Annotated[str, Field(max_length=100)]


class BrowserSubscription(Schema):
    """A browser's: what `PushSubscription.toJSON()` says, and the key it subscribed with."""

    gateway: Literal["web"]
    endpoint: Annotated[str, Field(max_length=2_000)]
    keys: BrowserKeys
    vapid_key: Annotated[str, Field(max_length=200)]


class AndroidSubscription(Schema):
    """An Android app's FCM registration token."""

    gateway: Literal["fcm"]
    token: Token


class AppleSubscription(Schema):
    """An Apple app's device token, in hexadecimal digits; `sandbox` for a build from a developer's machine."""

    gateway: Literal["apns"]
    token: Token
    sandbox: bool = False


class ConsoleSubscription(Schema):
    """The server's log, where the instance has `PUSH_CONSOLE`."""

    gateway: Literal["console"]


SubscriptionIn = Annotated[
    BrowserSubscription | AndroidSubscription | AppleSubscription | ConsoleSubscription, Field(discriminator="gateway")
]


class TestOut(Schema):
    """What the push service said. A push that was taken shows within seconds, or the device is off."""

    outcome: Literal["sent", "gone", "later", "refused", "dropped"]
    reason: str


class WishOut(Schema):
    """What I want of one conversation."""

    conversation: str
    level: Literal["all", "mentions", "none"]
    muted_until: Milliseconds | None


class WishesOut(Schema):
    """By conversation, in no order."""

    conversations: list[WishOut]

    @classmethod
    def of(cls, wishes: Mapping[int, Wish]) -> "WishesOut":
        return cls(
            conversations=[
                WishOut(conversation=str(conversation), level=wish.level, muted_until=wish.muted_until or None)  # type: ignore[arg-type]
                for conversation, wish in wishes.items()
            ]
        )
