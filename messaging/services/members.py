"""Who is in a conversation, cached by version for the message road and for every read path."""

from collections import OrderedDict
from collections.abc import Collection, Iterable
from functools import cached_property

import msgspec
from channels.db import database_sync_to_async

from accounts.services import ties
from chatsite.core.clock import Clock, clock
from chatsite.core.errors import Forbidden, NotAMember
from messaging.models import Conversation, Membership
from messaging.protocol.types import Span, last_visible, visible

KEPT = 20_000
FRESH_SECONDS = 60.0
REFRESH_SECONDS = 1.0


class Member(msgspec.Struct, frozen=True):
    """One person's place."""

    user: int
    username: str
    display_name: str
    role: str
    state: str
    spans: tuple[Span, ...]
    invited_by: int | None = None
    last_title: str = ""

    @property
    def is_in(self) -> bool:
        return self.state == "joined"


class Members(msgspec.Struct, frozen=True, dict=True):
    """A conversation and everybody who is, was or may be in it, as of `version`."""

    conversation: int
    kind: str
    title: str
    version: int  # of membership, what the sequencer calls mv
    revision: int  # of the object, what clients call version
    created_by: int
    created_at: int  # ms
    by_user: dict[int, Member]
    blocks: frozenset[tuple[int, int]] = frozenset()  # (who blocked, whom) among those who are in
    refused: frozenset[int] = frozenset()  # whose messages the other one of a direct conversation does not take

    @cached_property
    def apart(self) -> dict[int, frozenset[int]]:
        """For everybody whom a block concerns, on either end of it, those of whom they learn nothing."""
        found: dict[int, set[int]] = {}
        for blocker, blocked in self.blocks:
            found.setdefault(blocker, set()).add(blocked)
            found.setdefault(blocked, set()).add(blocker)
        return {user: frozenset(others) for user, others in found.items()}

    def hides(self, user: int, other: int) -> bool:
        """Whether `user` learns nothing of how far `other` is, or that they type."""
        return other in self.apart.get(user, ())

    @cached_property
    def joined(self) -> tuple[int, ...]:
        """The ids of those who are in; fan-out asks for every message."""
        return tuple(member.user for member in self.by_user.values() if member.is_in)

    def member(self, user: int) -> Member:
        """Anybody with a place here, past ones too. Raises NotAMember."""
        member = self.by_user.get(user)
        if member is None:
            raise NotAMember
        return member

    def joined_member(self, user: int) -> Member:
        """Raises NotAMember for everybody who is not in now."""
        member = self.by_user.get(user)
        if member is None or not member.is_in:
            raise NotAMember
        return member

    def require_heard(self, sender: int) -> None:
        """Raises Forbidden if the other one of a direct conversation takes no messages of `sender`: for a stranger and for somebody they
        blocked in the same words.
        """
        if self.kind != "direct" or not (self.blocks or self.refused):
            return
        if any(blocker == sender for blocker, _ in self.blocks):
            raise Forbidden("You have blocked this person")
        if self.blocks or sender in self.refused:
            raise Forbidden("This person does not take messages from you")

    def sees(self, user: int, seq: int) -> bool:
        member = self.by_user.get(user)
        return member is not None and visible(member.spans, seq)

    def last_seen_by(self, user: int, head: int) -> int:
        """The highest seq up to `head` that this user may see."""
        return last_visible(self.member(user).spans, head)


class MemberCache:
    """Loads from the relational store off the loop; forgets on every change. A stale entry is caught by the sequencer's mv.

    Display names change elsewhere, and tell nobody here: an entry is loaded anew after `FRESH_SECONDS`.
    """

    def __init__(self, clock: Clock = clock) -> None:
        self._clock = clock
        self._known: OrderedDict[int, Members] = OrderedDict()
        self._loaded_at: dict[int, float] = {}

    def peek(self, conversation: int) -> Members | None:
        if self._clock.monotonic() - self._loaded_at.get(conversation, 0.0) > FRESH_SECONDS:
            self.forget(conversation)
        return self._known.get(conversation)

    async def get(self, conversation: int) -> Members:
        """Raises NotAMember when there is no such conversation: to an outsider that is the same."""
        members = self.peek(conversation)
        return members if members is not None else await self.reload(conversation)

    def is_fresh(self, conversation: int) -> bool:
        """Whether it was loaded within the last second."""
        return self._clock.monotonic() - self._loaded_at.get(conversation, float("-inf")) < REFRESH_SECONDS

    async def reload(self, conversation: int) -> Members:
        return self._keep(await database_sync_to_async(load_members)(conversation))

    async def reload_many(self, conversations: Iterable[int]) -> dict[int, Members]:
        """The same of many, with two queries for all; those that do not exist are left out."""
        wanted = list(conversations)
        if not wanted:
            return {}
        loaded: list[Members] = await database_sync_to_async(load_many)(wanted)
        return {members.conversation: self._keep(members) for members in loaded}

    def _keep(self, members: Members) -> Members:
        conversation = members.conversation
        known = self._known.get(conversation)
        if known is not None and known.revision > members.revision:
            return known  # somebody changed and reloaded while we read
        self._known[conversation] = members
        self._known.move_to_end(conversation)
        self._loaded_at[conversation] = self._clock.monotonic()
        while len(self._known) > KEPT:
            self.forget(next(iter(self._known)))
        return members

    def forget_people(self, users: Collection[int]) -> None:
        """How these people stand to others changed."""
        for conversation, members in list(self._known.items()):
            if any(user in members.by_user for user in users):
                self.forget(conversation)

    def forget(self, conversation: int) -> None:
        self._known.pop(conversation, None)
        self._loaded_at.pop(conversation, None)


def load_members(conversation: int) -> Members:
    """One conversation's members from the relational store; runs in a thread."""
    row = Conversation.objects.filter(pk=conversation).first()
    if row is None:
        raise NotAMember
    memberships = Membership.objects.filter(conversation=row).select_related("user").order_by("since", "pk")
    return _with_ties([assemble(row, list(memberships))])[0]


def load_many(conversations: list[int]) -> list[Members]:
    """Several conversations' members; runs in a thread."""
    rows = Conversation.objects.in_bulk(conversations)
    by_conversation: dict[int, list[Membership]] = {conversation: [] for conversation in rows}
    memberships = Membership.objects.filter(conversation__in=rows).select_related("user").order_by("since", "pk")
    for membership in memberships:
        by_conversation[membership.conversation_id].append(membership)
    return _with_ties([assemble(row, by_conversation[conversation]) for conversation, row in rows.items()])


def _with_ties(loaded: list[Members]) -> list[Members]:
    """What stands between the people of each conversation, with two or three queries for all."""
    blocks = ties.blocks_among({user for members in loaded for user in members.by_user})
    refused = ties.who_refuses([pair for members in loaded for pair in _pairs(members)])
    return [
        msgspec.structs.replace(
            members,
            blocks=frozenset(pair for pair in blocks if pair[0] in members.by_user and pair[1] in members.by_user),
            refused=frozenset(writer for writer, reader in _pairs(members) if (writer, reader) in refused),
        )
        for members in loaded
    ]


def _pairs(members: Members) -> list[tuple[int, int]]:
    """(writer, reader) of a direct conversation: those who might not be heard. Whoever began it hears the answer."""
    if members.kind != "direct":
        return []
    people = list(members.by_user)
    return [(writer, reader) for writer in people for reader in people if writer != reader and reader != members.created_by]


def assemble(row: Conversation, memberships: list[Membership]) -> Members:
    """Builds the frozen picture from rows."""
    return Members(
        conversation=row.id,
        kind=row.kind,
        title=row.title,
        version=row.version,
        revision=row.revision,
        created_by=row.created_by_id,
        created_at=int(row.created_at.timestamp() * 1000),
        by_user={membership.user_id: _member(membership) for membership in memberships},
    )


def _member(membership: Membership) -> Member:
    return Member(
        user=membership.user_id,
        username=membership.user.username,
        display_name=membership.user.get_full_name(),
        role=membership.role,
        state=membership.state,
        spans=tuple((first, last) for first, last in membership.spans),
        invited_by=membership.invited_by_id,
        last_title=membership.last_title,
    )
