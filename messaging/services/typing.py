"""Tells the others that somebody types; never stored, dropped first under load."""

from messaging.protocol.events import TypingEvent
from messaging.services.chat import Chat
from messaging.services.fanout import tell
from messaging.services.stand import members_for


async def show_typing(chat: Chat, *, user: int, conversation: int) -> None:
    """Raises NotAMember, Forbidden."""
    members = await members_for(chat, conversation, user=user)
    members.joined_member(user)
    members.require_heard(user)
    others = [member for member in members.joined if member != user and not members.hides(member, user)]
    await tell(chat, others, TypingEvent(str(conversation), str(user)))
