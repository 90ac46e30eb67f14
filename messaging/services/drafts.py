"""Turns what a client wants to say into a draft, on either road, and checks it against the conversation it is for."""

from collections.abc import Sequence

from chatsite.core.errors import Invalid
from chatsite.core.text import clean_text
from messaging.protocol.commands import parse_id
from messaging.protocol.types import Draft, canonical_uuid
from messaging.services.chat import Chat
from messaging.services.members import Members


def draft_text(
    *,
    sender: int,
    conversation: int,
    client_id: str,
    text: str,
    after: int | None = None,
    reply_to: int | None = None,
    mentions: Sequence[str] = (),
) -> Draft:
    """Raises Invalid, BadRequest. Mentions are kept once each, in order."""
    try:
        client_id = canonical_uuid(client_id)
    except ValueError:
        raise Invalid("A client id is a UUID", field="client_id") from None
    users = tuple(dict.fromkeys(parse_id(user, field="mentions") for user in mentions)) if mentions else ()
    return Draft(
        conversation=conversation, sender=sender, client_id=client_id, kind="text", text=clean_text(text), after=after,
        reply_to=reply_to, mentions=users,
    )  # fmt: skip


async def check_draft(chat: Chat, draft: Draft, members: Members) -> None:
    """Whether its sender may say that there. Raises NotAMember, Forbidden, Invalid."""
    if draft.kind == "text":
        members.joined_member(draft.sender)
        members.require_heard(draft.sender)
    if draft.reply_to is not None:
        (head,) = await chat.sequencer.heads([draft.conversation])
        if draft.reply_to > head.seq or not members.sees(draft.sender, draft.reply_to):
            raise Invalid("There is no such message to reply to", field="reply_to")
    if any(user not in members.by_user or not members.by_user[user].is_in for user in draft.mentions):
        raise Invalid("Only members can be mentioned", field="mentions")
