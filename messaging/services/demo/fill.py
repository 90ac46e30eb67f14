"""Fills an instance with people and a past: messages through the log's port, memberships as the road would have left them."""

import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from random import Random
from typing import TypeVar

import msgspec
from channels.db import database_sync_to_async
from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.models import User
from accounts.services import contacts
from accounts.services.founding import create_first_admin, instance_is_empty
from chatsite.core.clock import clock
from chatsite.core.ids import new_id
from messaging.models import Conversation, Membership, MembershipChange
from messaging.protocol.types import Draft, Mark, Message
from messaging.services.chat import Chat
from messaging.services.demo.story import CONTACTS, PEOPLE, REQUESTS, Moment, Scene, scenes, tell
from messaging.services.drafts import draft_text

BATCH = 1_000
SEED = 12  # the same past every time
Item = TypeVar("Item")


class Filled(msgspec.Struct, frozen=True):
    """What was made."""

    usernames: list[str]
    administrator: str | None
    conversations: int
    messages: int


def has_people() -> bool:
    return not instance_is_empty()


async def fill(chat: Chat, *, password: str, messages: int) -> Filled:
    """Makes the demo's people and their conversations, the longest with about `messages`. On an empty instance the first administers it.

    Call it in a process that owns the stores, before anything is sent. Raises Invalid for a weak password.
    """
    random = Random(SEED)  # noqa: S311 - what people say is no secret
    founds = not await database_sync_to_async(has_people)()
    people: dict[str, User] = await database_sync_to_async(_make_people)(password, founds)
    await database_sync_to_async(_make_contacts)(people)
    told, total = scenes(messages), 0
    for scene in told:
        moments = tell(scene, people, now=clock.now_ms(), random=random)
        total += await _make(chat, scene, people, moments, random)
    await chat.receipts.flush()
    return Filled([user.username for user in people.values()], people["anna"].username if founds else None, len(told), total)


def _make_people(password: str, founds: bool) -> dict[str, User]:
    """Who is called as somebody who is there already gets a number behind the name."""
    people = {}
    for name, display_name in PEOPLE.items():
        if founds and name == "anna":
            user = create_first_admin(username=name, password=password)
        else:
            user = User(username=_free_username(name), password=make_password(password))
        user.display_name = display_name
        user.save()
        people[name] = user
    return people


def _make_contacts(people: dict[str, User]) -> None:
    for asker, asked in (*CONTACTS, *REQUESTS):
        contacts.ask(people[asker].id, people[asked])
    for asker, asked in CONTACTS:
        contacts.accept(people[asked].id, people[asker].id)


def _free_username(name: str) -> str:
    number = 1
    while User.objects.filter(username=name if number == 1 else f"{name}{number}").exists():
        number += 1
    return name if number == 1 else f"{name}{number}"


async def _make(chat: Chat, scene: Scene, people: dict[str, User], moments: Sequence[Moment], random: Random) -> int:
    """One conversation. Messages first: whatever stops us then, no membership speaks of a message that is not there."""
    conversation = new_id()
    messages = _number(conversation, moments, epoch=chat.sequencer.epoch, random=random)
    for batch in _batches(messages):
        await chat.log.store(batch)
    await database_sync_to_async(_write_rows)(conversation, scene, people, messages)
    for batch in _batches(messages):  # nobody has a device yet that these could be owed to
        await chat.sequencer.done(batch)
    await chat.receipts.mark(_marks(conversation, scene, people, messages))
    return len(messages)


def _number(conversation: int, moments: Sequence[Moment], *, epoch: int, random: Random) -> list[Message]:
    """Dense seqs from 1, and the membership version each message would have been sent under."""
    messages: list[Message] = []
    version = 0
    for seq, moment in enumerate(moments, 1):
        client_id = str(uuid.UUID(int=random.getrandbits(128), version=4))
        if moment.event is not None:
            version += 1
            event = {**moment.event, "version": version}
            draft = Draft(conversation, sender=int(event["by"]), client_id=client_id, kind="event", event=event)
        else:
            spoken = moment.spoken
            assert spoken is not None  # noqa: S101 - a moment is one or the other
            draft = draft_text(
                sender=spoken.sender, conversation=conversation, client_id=client_id, text=spoken.text,
                reply_to=seq - spoken.answers if spoken.answers else None, mentions=[str(user) for user in spoken.mentions],
            )  # fmt: skip
        messages.append(draft.numbered(seq, sent_at=moment.at, mv=version, epoch=epoch, digest=draft.digest))
    return messages


def _write_rows(conversation: int, scene: Scene, people: dict[str, User], messages: Sequence[Message]) -> None:
    events = [message for message in messages if message.event]
    creator = people[scene.people[0]]
    pair = sorted(people[name].id for name in scene.people)
    with transaction.atomic():
        row = Conversation.objects.create(
            id=conversation, title=scene.title, created_by=creator, created_at=_time(messages[0].sent_at), version=len(events),
            kind=Conversation.Kind.GROUP if scene.title else Conversation.Kind.DIRECT, revision=1 + len(events),
            direct_key=None if scene.title else f"{pair[0]}:{pair[1]}",
        )  # fmt: skip
        MembershipChange.objects.bulk_create(
            MembershipChange(
                conversation=row, version=message.mv, event=message.event, by_id=message.sender, seq=message.seq,
                created_at=_time(message.sent_at),
            )
            for message in events
        )  # fmt: skip
        Membership.objects.bulk_create(
            _membership(row, scene, people, name, events) for name in dict.fromkeys((*scene.people, *scene.invited))
        )


def _membership(row: Conversation, scene: Scene, people: dict[str, User], name: str, events: Sequence[Message]) -> Membership:
    """What this person's events leave them with; an invitation comes last."""
    user = people[name]
    place = Membership(conversation=row, user=user, state=Membership.State.JOINED, since=row.created_at)
    if not scene.title:
        place.spans = [[1, None]]
        return place
    for message in events:
        event = message.event or {}
        if event.get("user") != str(user.id):
            continue
        place.since = _time(message.sent_at)
        if event["type"] == "left":
            place.spans[-1][1], place.state, place.last_title = message.seq, Membership.State.LEFT, row.title
        else:
            place.spans.append([message.seq, None])
    if user == people[scene.people[0]]:
        place.role = Membership.Role.OWNER
    elif name == scene.people[1]:
        place.role = Membership.Role.ADMIN
    if name in scene.invited:
        place.state, place.invited_by, place.since = Membership.State.INVITED, people[scene.people[0]], _time(clock.now_ms())
    return place


def _marks(conversation: int, scene: Scene, people: dict[str, User], messages: Sequence[Message]) -> list[Mark]:
    """Everybody has read all but the `unread` newest of others; sending moved one's own mark."""
    head = len(messages)
    marks = []
    for name in scene.people:
        user = people[name].id
        sent = max((message.seq for message in messages if message.sender == user), default=0)
        gone = name == scene.leaves
        read = sent if gone else max(sent, head - scene.unread.get(name, 0))
        marks.append(Mark(conversation, user, read=read, delivered=read if gone else head))
    return marks


def _batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
