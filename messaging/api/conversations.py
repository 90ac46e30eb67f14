"""`/conversations`: listing, opening, and who is in them."""

from channels.db import database_sync_to_async
from django.http import HttpResponse
from ninja import P, Path, QueryEx, Router

from accounts.api.requests import AuthenticatedRequest
from accounts.api.schemas import IdNumber
from messaging.api.answers import answer, nothing
from messaging.api.schemas import ConversationOut, EntriesOut, EntryOut, OpenDirect, OpenWish, PeopleIn, RoleIn, TitleIn
from messaging.services import conversations, membership
from messaging.services.listing import list_conversations, read_entry
from messaging.services.members import Members
from messaging.services.node import Node, get_node
from messaging.services.views import conversation_view

router = Router(tags=["conversations"])


async def _told(node: Node, members: Members, viewer: int, *, status: int = 200) -> HttpResponse:
    (head,) = await node.chat.sequencer.heads([members.conversation])
    return answer(conversation_view(members, head=head.seq, viewer=viewer), status=status)


@router.get("", response=EntriesOut, summary="My conversations")
async def list_mine(request: AuthenticatedRequest, page: QueryEx[int, P(ge=1, le=100_000)] = 1) -> HttpResponse:
    """Most recently active first, 50 a page."""
    listing = await list_conversations((await get_node()).chat, user=request.auth.user_id, page=page)
    return answer({"entries": listing.entries, "next": listing.next_page, "cursor": listing.cursor})


@router.post("", response={200: ConversationOut, 201: ConversationOut}, summary="Open a conversation")
async def open_one(request: AuthenticatedRequest, wish: OpenWish) -> HttpResponse:
    """A direct one that exists is returned (200). The people named for a group are added or invited, as they wish (201)."""
    node, me = await get_node(), request.auth.user_id
    node.limits.require("open", me)
    if isinstance(wish, OpenDirect):
        return await _told(node, await conversations.open_direct(node.chat, opener=me, username=wish.username), me)
    members = await conversations.create_group(node.chat, node.road, creator=me, title=wish.title, usernames=wish.usernames)
    return await _told(node, members, me, status=201)


@router.get("/{conversation_id}", response=EntryOut, summary="One conversation")
async def read_one(request: AuthenticatedRequest, conversation_id: Path[IdNumber]) -> HttpResponse:
    """As it stands in the list."""
    return answer(await read_entry((await get_node()).chat, user=request.auth.user_id, conversation=conversation_id))


@router.patch("/{conversation_id}", response=ConversationOut, summary="Rename a group")
async def rename(request: AuthenticatedRequest, conversation_id: Path[IdNumber], change: TitleIn) -> HttpResponse:
    """Owners and admins."""
    node, me = await get_node(), request.auth.user_id
    node.limits.require("change", me)
    return await _told(
        node, await membership.rename(node.chat, node.road, by=me, conversation=conversation_id, title=change.title), me
    )


@router.post("/{conversation_id}/members", response=ConversationOut, summary="Invite people")
async def invite(request: AuthenticatedRequest, conversation_id: Path[IdNumber], people: PeopleIn) -> HttpResponse:
    """Owners and admins. Who lets you add them is in; the others are `invited` until they join."""
    node, me = await get_node(), request.auth.user_id
    node.limits.require("open", me)
    found = await database_sync_to_async(conversations.find_people)(people.usernames, but=me)
    return await _told(
        node, await membership.invite(node.chat, node.road, inviter=me, conversation=conversation_id, people=found), me
    )


@router.patch("/{conversation_id}/members/{user_id}", response=ConversationOut, summary="Change a role")
async def set_role(
    request: AuthenticatedRequest, conversation_id: Path[IdNumber], user_id: Path[IdNumber], change: RoleIn
) -> HttpResponse:
    """Owners. Making somebody owner keeps you one; the last owner stays one."""
    node, me = await get_node(), request.auth.user_id
    node.limits.require("change", me)
    changed = await membership.set_role(node.chat, node.road, by=me, user=user_id, conversation=conversation_id, role=change.role)
    return await _told(node, changed, me)


@router.delete("/{conversation_id}/members/{user_id}", response=ConversationOut, summary="Remove somebody")
async def remove(request: AuthenticatedRequest, conversation_id: Path[IdNumber], user_id: Path[IdNumber]) -> HttpResponse:
    """Or take an invitation back. Admins cannot remove admins or owners."""
    node, me = await get_node(), request.auth.user_id
    node.limits.require("change", me)
    return await _told(node, await membership.remove(node.chat, node.road, by=me, user=user_id, conversation=conversation_id), me)


@router.post("/{conversation_id}/join", response=ConversationOut, summary="Accept an invitation")
async def join(request: AuthenticatedRequest, conversation_id: Path[IdNumber]) -> HttpResponse:
    """From now on you see what is said; not what was said before."""
    node, me = await get_node(), request.auth.user_id
    node.limits.require("change", me)
    return await _told(node, await membership.join(node.chat, node.road, user=me, conversation=conversation_id), me)


@router.post("/{conversation_id}/decline", response={204: None}, summary="Decline an invitation")
async def decline(request: AuthenticatedRequest, conversation_id: Path[IdNumber]) -> HttpResponse:
    """The group learns of it; you may be invited again."""
    node, me = await get_node(), request.auth.user_id
    node.limits.require("change", me)
    await membership.decline(node.chat, user=me, conversation=conversation_id)
    return nothing()


@router.post("/{conversation_id}/leave", response={204: None}, summary="Leave a group")
async def leave(request: AuthenticatedRequest, conversation_id: Path[IdNumber]) -> HttpResponse:
    """What was said while you were in stays readable for you."""
    node, me = await get_node(), request.auth.user_id
    node.limits.require("change", me)
    await membership.leave(node.chat, node.road, user=me, conversation=conversation_id)
    return nothing()
