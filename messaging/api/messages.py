"""Messages, receipts and typing of one conversation."""

from django.http import HttpResponse
from ninja import P, Path, QueryEx, Router

from accounts.api.requests import AuthenticatedRequest
from accounts.api.schemas import IdNumber
from messaging.api.answers import answer, nothing
from messaging.api.schemas import SEQ_MAX, MarksOut, MessageIn, MessageOut, PageOut, SentOut, Seq, SeqIn
from messaging.protocol.events import view_marks, view_message
from messaging.services import receipts
from messaging.services.drafts import draft_text
from messaging.services.history import read_history, read_message
from messaging.services.node import get_node
from messaging.services.typing import show_typing

router = Router(tags=["messages"])


@router.get("/messages", response=PageOut, summary="A page of history")
async def read_page(
    request: AuthenticatedRequest,
    conversation_id: Path[IdNumber],
    before: QueryEx[int | None, P(ge=0, le=SEQ_MAX)] = None,
    after: QueryEx[int | None, P(ge=0, le=SEQ_MAX)] = None,
    around: QueryEx[int | None, P(ge=0, le=SEQ_MAX)] = None,
    limit: QueryEx[int, P(ge=1, le=100)] = 50,
) -> HttpResponse:
    """The newest, or those before, after or around a seq; always ascending, only what you may see."""
    node, me = await get_node(), request.auth.user_id
    node.limits.require("ask", me)
    page = await read_history(
        node.chat, reader=me, conversation=conversation_id, before=before, after=after, around=around, limit=limit
    )
    messages = [view_message(message) for message in page.messages]
    return answer({"messages": messages, "head": page.head, "more_before": page.more_before, "more_after": page.more_after})


@router.get("/messages/{seq}", response=MessageOut, summary="One message")
async def read_one(request: AuthenticatedRequest, conversation_id: Path[IdNumber], seq: Path[Seq]) -> HttpResponse:
    """The whole text of what a preview shortened, say."""
    chat = (await get_node()).chat
    return answer(view_message(await read_message(chat, reader=request.auth.user_id, conversation=conversation_id, seq=seq)))


@router.post("/messages", response={200: SentOut, 201: SentOut}, summary="Send a message")
async def send(request: AuthenticatedRequest, conversation_id: Path[IdNumber], message: MessageIn) -> HttpResponse:
    """201 when it is stored and on its way to everybody; 200 when this client id was sent before."""
    node = await get_node()
    node.limits.require("send", request.auth.user_id)
    draft = draft_text(sender=request.auth.user_id, conversation=conversation_id, **message.dict())
    sent = await node.road.submit(draft)
    body = {"conversation": str(sent.conversation), "client_id": sent.client_id, "seq": sent.seq, "sent_at": sent.sent_at}
    return answer({**body, "duplicate": sent.duplicate}, status=200 if sent.duplicate else 201)


@router.post("/read", response={204: None}, summary="Mark as read")
async def mark_read(request: AuthenticatedRequest, conversation_id: Path[IdNumber], mark: SeqIn) -> HttpResponse:
    """Up to a seq; marks never go back."""
    node, me = await get_node(), request.auth
    node.limits.require("mark", me.user_id)
    await receipts.mark_read(
        node.chat, node.receipts, reader=me.user_id, device=me.device_id, conversation=conversation_id, upto=mark.seq
    )
    return nothing()


@router.post("/delivered", response={204: None}, summary="Mark as received")
async def mark_delivered(request: AuthenticatedRequest, conversation_id: Path[IdNumber], mark: SeqIn) -> HttpResponse:
    """This device holds everything up to a seq."""
    node, me = await get_node(), request.auth
    node.limits.require("mark", me.user_id)
    await receipts.mark_delivered(
        node.chat, node.receipts, receiver=me.user_id, device=me.device_id, conversation=conversation_id, upto=mark.seq
    )
    return nothing()


@router.get("/receipts", response=MarksOut, summary="Who has read what")
async def list_receipts(request: AuthenticatedRequest, conversation_id: Path[IdNumber]) -> HttpResponse:
    """The marks of everybody who is in."""
    marks = await receipts.list_marks((await get_node()).chat, reader=request.auth.user_id, conversation=conversation_id)
    return answer({"marks": view_marks(marks)})


@router.post("/typing", response={204: None}, summary="Show that I type")
async def typing(request: AuthenticatedRequest, conversation_id: Path[IdNumber]) -> HttpResponse:
    """The others see it for 6 s."""
    node, me = await get_node(), request.auth.user_id
    node.limits.require("tell", me)
    await show_typing(node.chat, user=me, conversation=conversation_id)
    return nothing()
