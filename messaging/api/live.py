"""What goes with the socket: connections and their tickets, sync, presence."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import P, QueryEx, Router

from accounts.api.requests import AuthenticatedRequest
from messaging.api.answers import answer
from messaging.api.schemas import ConnectionIn, ConnectionOut, PresencesOut, ResyncOut, SyncedOut
from messaging.protocol.commands import parse_id
from messaging.services.connect import find_doors, region_of
from messaging.services.node import get_node
from messaging.services.people import BATCH
from messaging.services.sync import sync
from presence.protocol import view_presence

router = Router(tags=["live"])


@router.post("/connections", response=ConnectionOut, summary="Where to connect")
async def connect(request: AuthenticatedRequest, wish: ConnectionIn | None = None) -> HttpResponse:
    """Nodes in the order to try, at most five, each with a ticket for one socket, good for 60 s."""
    node, me = await get_node(), request.auth
    node.limits.require("connect", me.user_id)
    region = region_of(
        told_by_proxy=request.headers.get("X-Client-Region", ""),
        hint=wish.region if wish else "",
        trusted_proxies=settings.TRUSTED_PROXIES,
    )
    doors = await find_doors(node.chat, node.discovery, user=me.user_id, device=me.device_id, region=region)
    return answer({"nodes": [{"url": door.url or _own_socket(request), "ticket": door.ticket} for door in doors]})


@router.get("/sync", response=SyncedOut | ResyncOut, summary="What I missed")
async def catch_up(request: AuthenticatedRequest, cursor: QueryEx[str, P(max_length=64)]) -> HttpResponse:
    """The same answer the socket gives: `synced`, or `resync` when the cursor is too old."""
    node, me = await get_node(), request.auth.user_id
    node.limits.require("ask", me)
    return answer(await sync(node.chat, user=me, cursor=cursor))


@router.get("/presence", response=PresencesOut, summary="Who is online")
async def look(request: AuthenticatedRequest, users: QueryEx[str, P(max_length=20 * BATCH)]) -> HttpResponse:
    """`users` is a comma-separated list of at most 500 ids; who is neither a contact nor in a conversation with you is left out."""
    wanted = [parse_id(user.strip(), field="users") for user in users.split(",") if user.strip()]
    node, me = await get_node(), request.auth.user_id
    node.limits.require("ask", me)
    return answer({"users": view_presence(await node.online.look(me, wanted))})


def _own_socket(request: HttpRequest) -> str:
    scheme = "wss" if request.is_secure() else "ws"
    return f"{scheme}://{request.get_host()}/ws/v1"
