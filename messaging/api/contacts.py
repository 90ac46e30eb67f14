"""`/contacts`, `/blocks`: who somebody has to do with, and wants nothing to do with."""

from asgiref.sync import sync_to_async
from django.http import HttpResponse
from ninja import Path, Router

from accounts.api.requests import AuthenticatedRequest
from accounts.api.schemas import IdNumber, UserOut, milliseconds
from accounts.services import contacts
from accounts.services.invites import find_by_code
from accounts.services.users import find_person
from messaging.api.answers import nothing
from messaging.api.schemas import AskByUsername, AskWish, ContactOut, ContactsOut
from messaging.services.node import Node, get_node

router = Router(tags=["contacts"])


async def _change(request: AuthenticatedRequest, change: contacts.ByIds, person: int) -> HttpResponse:
    node = await _node_for(request, "change")
    await node.ties.change(change, request.auth.user_id, person)
    return nothing()


async def _node_for(request: AuthenticatedRequest, what: str) -> Node:
    node = await get_node()
    node.limits.require(what, request.auth.user_id)
    return node


@router.get("/contacts", response=ContactsOut, summary="My contacts, requests and blocks")
async def list_mine(request: AuthenticatedRequest) -> ContactsOut:
    """By name. `sent` are requests of yours, `received` those that wait for your answer."""
    await _node_for(request, "ask")
    book = await sync_to_async(contacts.read_book)(request.auth.user_id)
    return ContactsOut(
        contacts=[
            ContactOut(user=UserOut.of(contact.person), state=contact.state, since=milliseconds(contact.since))  # type: ignore[arg-type]
            for contact in book.contacts
        ],
        blocked=[UserOut.of(person) for person in book.blocked],
    )


@router.post("/contacts", response=UserOut, summary="Ask somebody to be a contact")
async def ask(request: AuthenticatedRequest, wish: AskWish) -> UserOut:
    """By exact username, or by the code of their invite link. Who asked you before becomes a contact at once."""
    node, me = await _node_for(request, "open"), request.auth.user_id
    if isinstance(wish, AskByUsername):
        person = await sync_to_async(find_person)(me, wish.username)
    else:
        person = await sync_to_async(find_by_code)(me, wish.invite)
    await node.ties.change(contacts.ask, me, person, by_link=not isinstance(wish, AskByUsername))
    return UserOut.of(person)


@router.post("/contacts/{user_id}/accept", response={204: None}, summary="Accept a request")
async def accept(request: AuthenticatedRequest, user_id: Path[IdNumber]) -> HttpResponse:
    """From now on both see each other among their contacts."""
    return await _change(request, contacts.accept, user_id)


@router.post("/contacts/{user_id}/decline", response={204: None}, summary="Decline a request")
async def decline(request: AuthenticatedRequest, user_id: Path[IdNumber]) -> HttpResponse:
    """The other is not told, and cannot ask again; you can ask them."""
    return await _change(request, contacts.decline, user_id)


@router.delete("/contacts/{user_id}", response={204: None}, summary="Remove a contact")
async def remove(request: AuthenticatedRequest, user_id: Path[IdNumber]) -> HttpResponse:
    """Or take a request of yours back."""
    return await _change(request, contacts.remove, user_id)


@router.put("/blocks/{user_id}", response={204: None}, summary="Block somebody")
async def block(request: AuthenticatedRequest, user_id: Path[IdNumber]) -> HttpResponse:
    """They cannot write to you or find you, you are contacts no more, and neither sees whether the other is online, types or has read."""
    return await _change(request, contacts.block, user_id)


@router.delete("/blocks/{user_id}", response={204: None}, summary="Unblock somebody")
async def unblock(request: AuthenticatedRequest, user_id: Path[IdNumber]) -> HttpResponse:
    """You are strangers again."""
    return await _change(request, contacts.unblock, user_id)
