"""`/push`: where this device takes pushes, and what I want of them."""

from datetime import UTC, datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from ninja import Body, Router

from accounts.api.requests import AuthenticatedRequest
from notifications.api.schemas import (
    AppleSubscription,
    BrowserSubscription,
    ConsoleSubscription,
    PushIn,
    PushOut,
    SubscriptionIn,
    SubscriptionOut,
    TestOut,
    WishesOut,
)
from notifications.services import preferences, subscriptions
from notifications.services.trying import try_device

router = Router(tags=["push"])


@router.get("/push", response=PushOut, summary="My pushes")
async def read_mine(request: AuthenticatedRequest) -> PushOut:
    """`vapid_key` is what browsers subscribe with (`applicationServerKey`); a subscription made with another is worth nothing."""
    return await _mine(request)


@router.patch("/push", response=PushOut, summary="Change my pushes")
async def change_mine(request: AuthenticatedRequest, wish: PushIn) -> PushOut:
    """Holds for all my devices. What is not sent stays as it is."""
    await sync_to_async(preferences.change_preferences)(request.auth.user_id, **_wanted(wish))
    return await _mine(request)


@router.get("/push/conversations", response=WishesOut, summary="Conversations that are pushed otherwise")
async def read_wishes(request: AuthenticatedRequest) -> WishesOut:
    """Those of which I do not want every message now; for marks in a list."""
    return WishesOut.of(await sync_to_async(preferences.wishes_of)(request.auth.user_id))


@router.put("/push/subscription", response=SubscriptionOut, summary="Take pushes on this device")
async def subscribe(request: AuthenticatedRequest, wish: Body[SubscriptionIn]) -> SubscriptionOut:
    """Say it at every start of the app: what is known already changes nothing. An address that another device had is this one's now."""
    device = request.auth.device_id
    if isinstance(wish, BrowserSubscription):
        return SubscriptionOut.of(
            await sync_to_async(subscriptions.subscribe_browser)(
                device, endpoint=wish.endpoint, p256dh=wish.keys.p256dh, secret=wish.keys.auth, server_key=wish.vapid_key
            )
        )
    token = str(device) if isinstance(wish, ConsoleSubscription) else wish.token
    sandbox = isinstance(wish, AppleSubscription) and wish.sandbox
    return SubscriptionOut.of(
        await sync_to_async(subscriptions.subscribe_app)(device, gateway=wish.gateway, token=token, is_sandbox=sandbox)
    )


@router.delete("/push/subscription", response={204: None}, summary="Take no pushes on this device")
async def unsubscribe(request: AuthenticatedRequest) -> tuple[int, None]:
    """Nothing is pushed here any more. Logging out does that too."""
    await sync_to_async(subscriptions.unsubscribe)(request.auth.device_id)
    return 204, None


@router.post("/push/test", response=TestOut, summary="Try a push on this device")
async def try_mine(request: AuthenticatedRequest) -> TestOut:
    """Sends one now, whatever is muted, and says what the push service answered. A few a minute."""
    outcome = await try_device(request.auth.user_id, request.auth.device_id)
    return TestOut(outcome=type(outcome).__name__.lower(), reason=getattr(outcome, "reason", ""))  # type: ignore[arg-type]


async def _mine(request: AuthenticatedRequest) -> PushOut:
    chosen = await sync_to_async(preferences.read_preferences)(request.auth.user_id)
    subscription = await sync_to_async(subscriptions.subscription_of)(request.auth.device_id)
    return PushOut.of(chosen, subscription, gateways=subscriptions.gateways(), vapid_key=settings.VAPID_PUBLIC_KEY)


def _wanted(wish: PushIn) -> dict[str, Any]:
    """Columns to set: those of the fields that were sent."""
    sent, wanted = wish.model_fields_set, dict[str, Any]()
    if "previews" in sent and wish.previews is not None:
        wanted["previews"] = wish.previews
    if "muted_until" in sent:
        wanted["muted_until"] = datetime.fromtimestamp(wish.muted_until / 1000, UTC) if wish.muted_until else None
    if "quiet_hours" in sent:
        quiet = wish.quiet_hours
        wanted |= {"quiet_from": quiet.begin, "quiet_until": quiet.end} if quiet else {"quiet_from": None, "quiet_until": None}
        if quiet:
            wanted["time_zone"] = quiet.time_zone
    return wanted
