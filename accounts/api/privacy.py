"""`/me/privacy`, `/me/invite-link`, `/invites`: who may do and see what, and how one is found."""

from asgiref.sync import sync_to_async
from ninja import Router

from accounts.api.people import require_lookup
from accounts.api.requests import AuthenticatedRequest
from accounts.api.schemas import InviteLinkOut, PrivacyIn, PrivacyOut, UserOut
from accounts.models import User
from accounts.services import invites, privacy

router = Router(tags=["people"])


@router.get("/me/privacy", response=PrivacyOut, summary="My privacy")
async def read_privacy(request: AuthenticatedRequest) -> PrivacyOut:
    """What I leave open to whom."""
    return PrivacyOut.of(await User.objects.aget(id=request.auth.user_id))


@router.patch("/me/privacy", response=PrivacyOut, summary="Change my privacy")
async def change_privacy(request: AuthenticatedRequest, wish: PrivacyIn) -> PrivacyOut:
    """Changes the settings that are sent; it holds everywhere within seconds."""
    user = await User.objects.aget(id=request.auth.user_id)
    return PrivacyOut.of(await sync_to_async(privacy.change_privacy)(user, wish.dict(exclude_none=True)))


@router.get("/me/invite-link", response=InviteLinkOut, summary="My invite link")
async def read_link(request: AuthenticatedRequest) -> InviteLinkOut:
    """Whoever has it finds me by it, and can ask to be my contact. `url` is null while there is none."""
    return _link(request, await sync_to_async(invites.read_code)(request.auth.user_id))


@router.post("/me/invite-link", response=InviteLinkOut, summary="A new invite link")
async def renew_link(request: AuthenticatedRequest) -> InviteLinkOut:
    """The one before is worth nothing from now on."""
    return _link(request, await sync_to_async(invites.renew_code)(request.auth.user_id))


@router.delete("/me/invite-link", response={204: None}, summary="Withdraw my invite link")
async def withdraw_link(request: AuthenticatedRequest) -> tuple[int, None]:
    """Nobody finds me by a link any more."""
    await sync_to_async(invites.withdraw_code)(request.auth.user_id)
    return 204, None


@router.get("/invites/{code}", response=UserOut, summary="Whose invite link is this")
async def read_invite(request: AuthenticatedRequest, code: str) -> UserOut:
    """The person who gave it away."""
    require_lookup(request.auth.user_id)
    return UserOut.of(await sync_to_async(invites.find_by_code)(request.auth.user_id, code))


def _link(request: AuthenticatedRequest, code: str | None) -> InviteLinkOut:
    return InviteLinkOut(code=code, url=request.build_absolute_uri(f"/invite/{code}") if code else None)
