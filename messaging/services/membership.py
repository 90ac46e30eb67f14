"""Changes who is in a group, and what it is called.

Changes that people see in the timeline take a seq like any message: first a pending row (a `MembershipChange`), then a system message on the
message road, which moves the conversation's membership version, then the memberships follow with that seq as the border of what is visible.
Each step may be repeated, so whoever meets a pending change can finish it. Invitations only touch the relational store.
"""

import logging
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from channels.db import database_sync_to_async
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.services.ties import who_lets_add
from chatsite.core.errors import ChatsiteError, Conflict, Forbidden, GroupFull, Invalid, NotAMember, NotFound
from chatsite.core.text import clean_name
from chatsite.core.unbroken import unbroken
from messaging.models import Conversation, Membership, MembershipChange
from messaging.models.relational import TITLE_MAX
from messaging.protocol.events import ConversationEvent
from messaging.protocol.types import Draft, subjects_of
from messaging.services.chat import Chat
from messaging.services.fanout import tell
from messaging.services.members import Members
from messaging.services.rules import GROUP_MAX, check_change
from messaging.services.send import SendRoad
from messaging.services.stand import members_for
from messaging.services.views import encode_conversation
from messaging.stores.inbox.base import Entry, Spread

logger = logging.getLogger(__name__)

_NAMESPACE = uuid.UUID("6f0cf1f1-3c3e-5f43-9d3c-0c7b1f9a2f6e")
_PRESENT = (Membership.State.JOINED, Membership.State.INVITED)
State, Role = Membership.State, Membership.Role


class _Unfinished(Exception):
    """A change of this conversation is pending; finish it, then try again."""

    def __init__(self, change: int) -> None:
        super().__init__(change)
        self.change = change


@unbroken
async def invite(chat: Chat, road: SendRoad, *, inviter: int, conversation: int, people: Sequence[User]) -> Members:
    """Those who let the inviter add them are in; the others become `invited` and decide themselves. Whoever is in or invited already stays so.
    Raises Forbidden, GroupFull.
    """
    await database_sync_to_async(_invite)(inviter, conversation, people)
    members = await chat.members.reload(conversation)
    await announce(chat, members)
    return await add_willing(chat, road, members, by=inviter, people=[person.id for person in people])


async def add_willing(chat: Chat, road: SendRoad, members: Members, *, by: int, people: Sequence[int]) -> Members:
    """Of the people just invited, those who let `by` add them to groups need not be asked."""
    invited = [user for user in people if user in members.by_user and members.by_user[user].state == State.INVITED]
    willing = await database_sync_to_async(who_lets_add)(by, invited) if invited else []
    if not willing:
        return members
    event = {"type": "added", "users": [str(user) for user in willing]}
    try:
        return await _change(chat, road, members.conversation, by=by, event=event)
    except Conflict:  # one of them said no in this very moment: the others are invited, as they were
        return await chat.members.reload(members.conversation)


def _invite(inviter: int, conversation: int, people: Sequence[User]) -> None:
    with transaction.atomic():
        row = _locked_group(conversation)
        _require_role(row, inviter, Role.OWNER, Role.ADMIN)
        present = set(row.memberships.filter(state__in=_PRESENT).values_list("user_id", flat=True))
        newcomers = [person for person in people if person.id not in present]
        if len(present) + len(newcomers) > GROUP_MAX:
            raise GroupFull("A group has at most %(count)d people", count=GROUP_MAX)
        for person in newcomers:
            place = {"state": State.INVITED, "invited_by_id": inviter, "since": timezone.now(), "role": Role.MEMBER}
            Membership.objects.update_or_create(conversation=row, user=person, defaults=place)
        _count_revision(row)


@unbroken
async def decline(chat: Chat, *, user: int, conversation: int) -> None:
    """Says no to an invitation. Raises NotAMember, Conflict when there is none."""
    await _uninvite(chat, by=user, user=user, conversation=conversation, state=State.DECLINED)


@unbroken
async def join(chat: Chat, road: SendRoad, *, user: int, conversation: int) -> Members:
    """Accepts an invitation: from this seq on the user sees the conversation. Joining twice is joining once."""
    members = await members_for(chat, conversation, user=user)
    own = members.member(user)
    if own.is_in:
        return members
    if own.state != State.INVITED:
        raise Conflict("There is no invitation")
    try:
        return await _change(chat, road, conversation, by=user, event={"type": "joined", "user": str(user)})
    except NotAMember:
        members = await chat.members.reload(conversation)
        if members.member(user).is_in:  # the other try was quicker
            return members
        raise


@unbroken
async def leave(chat: Chat, road: SendRoad, *, user: int, conversation: int) -> None:
    """Raises NotAMember. When the last owner leaves, the longest-standing admin, else member, takes over."""
    members = await members_for(chat, conversation, user=user)
    members.joined_member(user)
    await _change(chat, road, conversation, by=user, event={"type": "left", "user": str(user)})


@unbroken
async def remove(chat: Chat, road: SendRoad, *, by: int, user: int, conversation: int) -> Members:
    """Removes a member, or takes an invitation back. Raises Forbidden, NotFound."""
    members = await chat.members.reload(conversation)
    if user == by:
        raise Invalid("Leave instead", field="user")
    actor, subject = members.joined_member(by), members.by_user.get(user)
    if actor.role == Role.MEMBER:
        raise Forbidden("Only owners and admins can do that")
    if subject is None or subject.state not in _PRESENT:
        raise NotFound("That person is not in the group")
    if actor.role != Role.OWNER and subject.role != Role.MEMBER:
        raise Forbidden("Admins cannot remove admins or owners")
    if subject.state == State.INVITED:
        await _uninvite(chat, by=by, user=user, conversation=conversation, state=State.REMOVED)
        return await chat.members.get(conversation)
    return await _change(chat, road, conversation, by=by, event={"type": "removed", "user": str(user)})


@unbroken
async def set_role(chat: Chat, road: SendRoad, *, by: int, user: int, conversation: int, role: str) -> Members:
    """Owners only; the last owner stays one. Raises Forbidden, NotFound, Conflict."""
    members = await chat.members.reload(conversation)
    if members.joined_member(by).role != Role.OWNER:
        raise Forbidden("Only owners can do that")
    subject = members.by_user.get(user)
    if subject is None or not subject.is_in:
        raise NotFound("That person is not in the group")
    owners = [member for member in members.by_user.values() if member.is_in and member.role == Role.OWNER]
    if role != Role.OWNER and owners == [subject]:
        raise Conflict("The last owner stays one: make somebody else owner first")
    if subject.role == role:
        return members
    return await _change(chat, road, conversation, by=by, event={"type": "role", "user": str(user), "role": role})


@unbroken
async def rename(chat: Chat, road: SendRoad, *, by: int, conversation: int, title: str) -> Members:
    """Owners and admins. Raises Forbidden, Invalid."""
    clean = clean_name(title, longest=TITLE_MAX, field="title")
    members = await chat.members.reload(conversation)
    if members.joined_member(by).role == Role.MEMBER:
        raise Forbidden("Only owners and admins can do that")
    if members.title == clean:
        return members
    return await _change(chat, road, conversation, by=by, event={"type": "renamed", "title": clean})


async def carry_out(chat: Chat, road: SendRoad, change: int) -> Members:
    """Brings a pending change to its end: a seq from the road, then the memberships. Anyone may, any number of times."""
    draft = await database_sync_to_async(_draft_of)(change)
    await chat.members.reload(draft.conversation)  # who hears of it is asked of the members before it: never of older ones
    sent = await road.submit(draft, sets_mv=True)
    await database_sync_to_async(_apply)(change, sent.seq)
    return await chat.members.reload(draft.conversation)


async def finish_pending(chat: Chat, road: SendRoad, *, older_than_seconds: float = 0) -> int:
    """Finishes changes that somebody left half way: the last process, or one whose store failed. Returns how many.

    A conversation takes no sends while its change is numbered and not applied. One that cannot be finished must not hold up the others.
    """
    finished = 0
    for change in await database_sync_to_async(_pending)(older_than_seconds):
        try:
            await announce(chat, await carry_out(chat, road, change))
        except (ChatsiteError, DatabaseError, ObjectDoesNotExist):
            logger.exception("membership change %d cannot be finished now", change)
        else:
            finished += 1
    return finished


def _pending(older_than_seconds: float) -> list[int]:
    before = timezone.now() - timedelta(seconds=older_than_seconds)
    return list(MembershipChange.objects.filter(seq=None, created_at__lte=before).values_list("pk", flat=True))


async def announce(chat: Chat, members: Members, *, also: Sequence[int] = ()) -> None:
    """Tells everybody in, everybody invited, and `also` how the conversation stands now, and leaves it in their inboxes."""
    (head,) = await chat.sequencer.heads([members.conversation])
    apart = {member.user for member in members.by_user.values() if member.state == State.INVITED} | set(also)
    apart -= set(members.joined)
    everybody = (*members.joined, *apart)
    await chat.inbox.spread([Spread(Entry("conversation", members.conversation, members.revision), everybody)])
    await tell(chat, members.joined, ConversationEvent(encode_conversation(members, head=head.seq)))
    for user in apart:
        await tell(chat, (user,), ConversationEvent(encode_conversation(members, head=head.seq, viewer=user)))


async def _change(chat: Chat, road: SendRoad, conversation: int, *, by: int, event: dict[str, Any]) -> Members:
    """Pends, carries out and announces one change; finishes another's first if it is in the way."""
    while True:
        try:
            change = await database_sync_to_async(_pend)(conversation, by, event)
        except _Unfinished as unfinished:
            await announce(chat, await carry_out(chat, road, unfinished.change))
            continue
        members = await carry_out(chat, road, change)
        await announce(chat, members, also=subjects_of(event))
        return members


def _pend(conversation: int, by: int, event: dict[str, Any]) -> int:
    with transaction.atomic():
        row = _locked_group(conversation)
        check_change(row, by, event)
        return pend_change(row, by=by, event=event).pk


def pend_change(row: Conversation, *, by: int, event: dict[str, Any]) -> MembershipChange:
    """Writes a change down as pending, inside the caller's transaction."""
    unfinished = row.changes.filter(seq=None).values_list("pk", flat=True).first()
    if unfinished is not None:
        raise _Unfinished(unfinished)
    version = row.version + 1
    return MembershipChange.objects.create(
        conversation=row, version=version, by_id=by, event={**event, "by": str(by), "version": version}
    )


def _draft_of(change: int) -> Draft:
    row = MembershipChange.objects.get(pk=change)
    client_id = str(uuid.uuid5(_NAMESPACE, f"{row.conversation_id}:{row.version}"))
    return Draft(conversation=row.conversation_id, sender=row.by_id, client_id=client_id, kind="event", event=row.event)


def _apply(change: int, seq: int) -> None:
    with transaction.atomic():
        row = MembershipChange.objects.select_for_update().select_related("conversation").get(pk=change)
        if row.seq is not None:
            return
        conversation, event = row.conversation, row.event
        if event["type"] == "renamed":
            conversation.title = event["title"]
        else:
            for user in subjects_of(event):
                _apply_to_member(conversation, event, user, seq)
            _keep_an_owner(conversation)
        conversation.version = row.version
        conversation.revision += 1
        conversation.save(update_fields=["title", "version", "revision"])
        row.seq = seq
        row.save(update_fields=["seq"])


def _apply_to_member(conversation: Conversation, event: dict[str, Any], user: int, seq: int) -> None:
    membership = Membership.objects.get(conversation=conversation, user_id=user)
    match event["type"]:
        case "created" | "joined" | "added":
            membership.state, membership.since = State.JOINED, timezone.now()
            membership.spans = [*membership.spans, [seq, None]]
        case "left" | "removed":
            membership.state, membership.since = State(event["type"]), timezone.now()
            membership.spans = [*membership.spans[:-1], [membership.spans[-1][0], seq]]
            membership.role, membership.last_title = Role.MEMBER, conversation.title
        case "role":
            membership.role = Role(event["role"])
    membership.save()


def _keep_an_owner(conversation: Conversation) -> None:
    here = conversation.memberships.filter(state=State.JOINED)
    if here.filter(role=Role.OWNER).exists():
        return
    heir = here.filter(role=Role.ADMIN).order_by("since", "pk").first() or here.order_by("since", "pk").first()
    if heir is not None:
        heir.role = Role.OWNER
        heir.save(update_fields=["role"])


async def _uninvite(chat: Chat, *, by: int, user: int, conversation: int, state: str) -> None:
    def write() -> None:
        with transaction.atomic():
            row = _locked_group(conversation)
            place = row.memberships.filter(user_id=user, state=State.INVITED).first()
            if place is None:
                raise Conflict("There is no invitation")
            # Who was in before keeps what they saw: to them it is as if they had not been asked.
            place.state, place.last_title = (State.LEFT if place.spans else state), row.title
            place.save(update_fields=["state", "last_title"])
            _count_revision(row)

    await members_for(chat, conversation, user=by)
    await database_sync_to_async(write)()
    await announce(chat, await chat.members.reload(conversation), also=[user])


def _locked_group(conversation: int) -> Conversation:
    """Raises NotAMember when there is none, Invalid for a direct conversation. Call inside a transaction."""
    row = Conversation.objects.select_for_update().filter(pk=conversation).first()
    if row is None:
        raise NotAMember
    if row.kind != Conversation.Kind.GROUP:
        raise Invalid("A direct conversation is between two people", field="conversation")
    return row


def _require_role(row: Conversation, user: int, *roles: str) -> None:
    own = row.memberships.filter(user_id=user, state=State.JOINED).first()
    if own is None:
        raise NotAMember
    if own.role not in roles:
        raise Forbidden("Only owners and admins can do that")


def _count_revision(row: Conversation) -> None:
    row.revision += 1
    row.save(update_fields=["revision"])
