"""`/me` and `/users`."""

from asgiref.sync import sync_to_async
from ninja import Router

from accounts.api.requests import AuthenticatedRequest
from accounts.api.schemas import MeOut, ProfileIn, UserOut
from accounts.models import User
from accounts.services import users
from chatsite.core.errors import RateLimited
from chatsite.core.ratelimit import RateLimiter

router = Router(tags=["people"])

# Nobody needs more to start conversations; trying out names to list the people here takes for ever.
LOOKUPS_PER_SECOND = 0.5
LOOKUPS_AT_ONCE = 60
_lookups = RateLimiter()


def _me(user: User, device_id: int) -> MeOut:
    return MeOut(user=UserOut.of(user), device=str(device_id), email=user.email, locale=user.locale, theme=user.theme)  # type: ignore[arg-type]


def require_lookup(user: int) -> None:
    """Before somebody is looked up by name or link. Raises RateLimited."""
    wait_seconds = _lookups.allow(user, LOOKUPS_PER_SECOND, LOOKUPS_AT_ONCE)
    if wait_seconds is not None:
        raise RateLimited(retry_after=wait_seconds)


@router.get("/me", response=MeOut, summary="Who am I")
async def read_me(request: AuthenticatedRequest) -> MeOut:
    """The account and device this request speaks for."""
    return _me(await User.objects.aget(id=request.auth.user_id), request.auth.device_id)


@router.patch("/me", response=MeOut, summary="Change my profile")
async def change_me(request: AuthenticatedRequest, profile: ProfileIn) -> MeOut:
    """Changes the fields that are sent. An empty `display_name` falls back to the username."""
    user = await User.objects.aget(id=request.auth.user_id)
    changed = await sync_to_async(users.change_profile)(user, **profile.dict(exclude_none=True))
    return _me(changed, request.auth.device_id)


@router.get("/users/{username}", response=UserOut, summary="Find a person")
async def read_user(request: AuthenticatedRequest, username: str) -> UserOut:
    """One person by exact username; there is no search, so that nobody can list the people here. Who blocked you is not found."""
    require_lookup(request.auth.user_id)
    return UserOut.of(await sync_to_async(users.find_person)(request.auth.user_id, username))
