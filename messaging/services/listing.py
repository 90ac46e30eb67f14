"""The list of conversations: most recently active first, with preview and unread count."""

import asyncio
from typing import Any

import msgspec
from channels.db import database_sync_to_async

from messaging.models import Membership
from messaging.protocol.events import PREVIEW_MAX, view_message
from messaging.protocol.types import Mark, Message, count_visible
from messaging.services.chat import Chat
from messaging.services.members import Members
from messaging.services.stand import stand_of
from messaging.services.views import conversation_view
from messaging.stores.sequencer.base import Head

PAGE = 50


class Listing(msgspec.Struct, frozen=True):
    """One page of entries as clients see them, and the number of the next page."""

    entries: list[dict[str, Any]]
    next_page: int | None
    cursor: str


async def list_conversations(chat: Chat, *, user: int, page: int = 1) -> Listing:
    """Every conversation the user has a place in, past ones included while they hold messages of theirs.

    `cursor` is as of before the first page was read: whatever happens meanwhile comes again with a sync, which is harmless.
    """
    cursor = await chat.inbox.cursor(user)
    places = await database_sync_to_async(_places_of)(user)
    heads = dict(zip(places, await chat.sequencer.heads(list(places)), strict=True))

    def activity(conversation: int) -> tuple[int, int]:
        """What is said among the others does not move a conversation one is not in."""
        since, is_in = places[conversation]
        return ((is_in and heads[conversation].active_at) or since, conversation)

    ordered = sorted(places, key=activity, reverse=True)
    start = (page - 1) * PAGE
    loaded = await _members_of(chat, {conversation: heads[conversation] for conversation in ordered[start : start + PAGE]})
    shown = [(members, heads[conversation]) for conversation, members in loaded.items()]
    return Listing(
        entries=await _entries(chat, user, [(members, head) for members, head in shown if not _is_hidden(members, head, user)]),
        next_page=page + 1 if start + PAGE < len(ordered) else None,
        cursor=cursor,
    )


async def read_entry(chat: Chat, *, user: int, conversation: int) -> dict[str, Any]:
    """One entry of the list. Raises NotAMember."""
    members, head = await stand_of(chat, conversation, user=user)
    return (await _entries(chat, user, [(members, head)]))[0]


def _places_of(user: int) -> dict[int, tuple[int, bool]]:
    """Every conversation with a place for the user: since when (ms) it is as it is, and whether they are in."""
    places = Membership.objects.filter(user_id=user).exclude(state=Membership.State.DECLINED)
    return {
        conversation: (int(since.timestamp() * 1000), state == Membership.State.JOINED)
        for conversation, since, state in places.values_list("conversation_id", "since", "state")
    }


def _is_hidden(members: Members, head: Head, user: int) -> bool:
    """A direct conversation that somebody else opened and never wrote in, and a group that took its invitation back."""
    if members.kind == "direct":
        return head.seq == 0 and members.created_by != user
    own = members.member(user)
    return not own.is_in and own.state != "invited" and not own.spans


async def _members_of(chat: Chat, heads: dict[int, Head]) -> dict[int, Members]:
    """From the cache, and what is missing or older than its head with two queries for all."""
    known = {conversation: chat.members.peek(conversation) for conversation in heads}
    for conversation, members in known.items():
        if members is not None and members.version < heads[conversation].mv:
            known[conversation] = None
    missing = [conversation for conversation, members in known.items() if members is None]
    found = await chat.members.reload_many(missing)
    return {conversation: members or found[conversation] for conversation, members in known.items()}


async def _entries(chat: Chat, user: int, conversations: list[tuple[Members, Head]]) -> list[dict[str, Any]]:
    ids = [members.conversation for members, _ in conversations]
    tops = [members.last_seen_by(user, head.seq) for members, head in conversations]
    marks = await chat.receipts.of_user(user, ids)
    previews = {
        message.conversation: message
        for message in await chat.log.pick([pair for pair in zip(ids, tops, strict=True) if pair[1]])
    }
    # all asked at once: what is asked within one tick goes to a shard in one call
    others = await asyncio.gather(*(_others(chat, members, user) for members, _ in conversations))
    return [
        _entry(members, head, top, mark, previews.get(members.conversation), seen, user)
        for (members, head), top, mark, seen in zip(conversations, tops, marks, others, strict=True)
    ]


async def _others(chat: Chat, members: Members, user: int) -> Mark:
    """The furthest marks of anybody else: what the ticks beside one's own messages need."""
    people = [member for member in members.joined if member != user and not members.hides(user, member)]
    if members.kind == "group":
        marks = [mark for mark in await chat.receipts.of_conversation(members.conversation) if mark.user in people]
    else:
        marks = [(await chat.receipts.of_user(person, [members.conversation]))[0] for person in people]
    read = max((mark.read for mark in marks), default=0)
    return Mark(members.conversation, 0, read=read, delivered=max((mark.delivered for mark in marks), default=0))


def _entry(members: Members, head: Head, top: int, mark: Mark, newest: Message | None, others: Mark, user: int) -> dict[str, Any]:
    own = members.member(user)
    return {
        "conversation": conversation_view(members, head=head.seq, viewer=user),
        "head": top,
        "read": mark.read,
        "unread": count_visible(own.spans, above=mark.read, upto=top),
        "active_at": newest.sent_at if newest else members.created_at,
        "preview": view_message(newest, text_max=PREVIEW_MAX) if newest else None,
        "others_read": min(others.read, top),  # who is out learns no more than they could see
        "others_delivered": min(others.delivered, top),
    }
