"""`/conversations/…/push`: what I want to be pushed of one conversation."""

from channels.db import database_sync_to_async
from ninja import Path, Router

from accounts.api.requests import AuthenticatedRequest
from accounts.api.schemas import IdNumber
from messaging.api.schemas import ConversationPush
from messaging.services.node import get_node
from messaging.services.stand import members_for
from notifications.services import preferences
from notifications.services.preferences import Wish

router = Router(tags=["push"])


@router.get("/push", response=ConversationPush, summary="What is pushed of a conversation")
async def read_one(request: AuthenticatedRequest, conversation_id: Path[IdNumber]) -> ConversationPush:
    """What I chose; until then every message."""
    await _require_place(request.auth.user_id, conversation_id)
    return ConversationPush.of(await database_sync_to_async(preferences.read_wish)(request.auth.user_id, conversation_id))


@router.put("/push", response=ConversationPush, summary="Choose what is pushed of a conversation")
async def change_one(
    request: AuthenticatedRequest, conversation_id: Path[IdNumber], wanted: ConversationPush
) -> ConversationPush:
    """`muted_until`: until then only mentions are pushed, unless `level` is "none"."""
    me = request.auth.user_id
    await _require_place(me, conversation_id)
    (await get_node()).limits.require("change", me)
    wish = Wish(wanted.level, wanted.muted_until or 0)
    await database_sync_to_async(preferences.change_wish)(me, conversation_id, wish)
    return ConversationPush.of(wish)


async def _require_place(user: int, conversation: int) -> None:
    members = await members_for((await get_node()).chat, conversation, user=user)
    members.joined_member(user)
