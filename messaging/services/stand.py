"""How a conversation stands: who is in it and how far it is, of the same moment as far as a reader's rights go.

Members are cached on every node, and changed on any of them. The sequencer knows the membership version of the head, so a reader's picture is
never older than what they are shown; and whoever the picture does not know as a member is looked up anew, if it is older than the head or
than a second.
"""

from collections.abc import Iterable

from chatsite.core.errors import NotAMember
from messaging.services.chat import Chat
from messaging.services.members import Members
from messaging.stores.sequencer.base import Head


async def stand_of(chat: Chat, conversation: int, *, user: int) -> tuple[Members, Head]:
    """Raises NotAMember for whoever never had a place there."""
    members = await members_for(chat, conversation, user=user)
    (head,) = await chat.sequencer.heads([conversation])
    if members.version < head.mv:
        members = await chat.members.reload(conversation)
    return members, head


async def members_for(chat: Chat, conversation: int, *, user: int) -> Members:
    """The members, loaded anew if they do not know the user as one. Raises NotAMember for whoever never had a place there."""
    members = await chat.members.get(conversation)
    own = members.by_user.get(user)
    if (own is None or not own.is_in) and await is_outdated(chat, members):
        members = await chat.members.reload(conversation)
    members.member(user)
    return members


async def is_outdated(chat: Chat, members: Members) -> bool:
    """Whether somebody may have come or gone since they were loaded. Asked before anybody is refused, so that who was let in a moment ago,
    by another process, is in; and it is cheap, so that strangers cost nothing.
    """
    if not chat.members.is_fresh(members.conversation):
        return True
    (head,) = await chat.sequencer.heads([members.conversation])
    return members.version < head.mv


async def stands_of(chat: Chat, conversations: Iterable[int], *, user: int) -> dict[int, tuple[Members, Head]]:
    """The same of many; those in which the user has no place are left out."""
    wanted = list(conversations)
    await chat.members.reload_many(conversation for conversation in wanted if chat.members.peek(conversation) is None)
    found: dict[int, Members] = {}
    for conversation in wanted:
        try:
            found[conversation] = await members_for(chat, conversation, user=user)
        except NotAMember:
            continue
    heads = await chat.sequencer.heads(list(found))
    for (conversation, members), head in zip(list(found.items()), heads, strict=True):
        if members.version < head.mv:
            found[conversation] = await chat.members.reload(conversation)
    return {conversation: (members, head) for (conversation, members), head in zip(found.items(), heads, strict=True)}
