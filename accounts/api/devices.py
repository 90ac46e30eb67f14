"""`/devices`: one's own logins."""

from asgiref.sync import sync_to_async
from django.http import HttpResponse
from ninja import Path, Router

from accounts.api.requests import AuthenticatedRequest
from accounts.api.schemas import DeviceIn, DeviceOut, IdNumber
from accounts.models import Device, User
from accounts.services import devices
from accounts.tokens import token_of
from chatsite.edge.sessions import connected_devices

router = Router(tags=["devices"])


def _told(request: AuthenticatedRequest, found: list[Device]) -> list[DeviceOut]:
    connected = connected_devices([device.id for device in found])
    return [DeviceOut.of(device, current_id=request.auth.device_id, connected=connected) for device in found]


async def _mine(request: AuthenticatedRequest, device_id: int) -> Device:
    return await sync_to_async(devices.find_device)(User(id=request.auth.user_id), device_id=device_id)


@router.get("/devices", response=list[DeviceOut], summary="My devices")
async def list_mine(request: AuthenticatedRequest) -> list[DeviceOut]:
    """Every login of mine that is still good, the most recently used first."""
    return _told(request, await sync_to_async(devices.list_devices)(User(id=request.auth.user_id)))


@router.patch("/devices/{device_id}", response=DeviceOut, summary="Name a device")
async def rename(request: AuthenticatedRequest, device_id: Path[IdNumber], change: DeviceIn) -> DeviceOut:
    """Gives a device of mine another name."""
    device = await sync_to_async(devices.rename_device)(await _mine(request, device_id), name=change.name)
    return _told(request, [device])[0]


@router.delete("/devices/{device_id}", response={204: None}, summary="Revoke a device")
async def revoke(request: AuthenticatedRequest, device_id: Path[IdNumber]) -> HttpResponse:
    """Logs a device of mine out: its token stops at once, its sockets close."""
    await sync_to_async(devices.revoke_device)(await _mine(request, device_id))
    if device_id == request.auth.device_id and not token_of(request):
        await request.session.aflush()  # its row is gone already; this takes the cookie back
    return HttpResponse(status=204)
