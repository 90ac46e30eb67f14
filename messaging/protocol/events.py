"""Frames that the server sends down, and the views of domain types they carry; docs/protocol.md describes each."""

from collections.abc import Iterable
from typing import Any

import msgspec

from chatsite.core.errors import ChatsiteError
from messaging.protocol.types import Kind, Mark, Message

PREVIEW_MAX = 300

_encoder = msgspec.json.Encoder()


class MessageView(msgspec.Struct, omit_defaults=True):
    """A message as clients see it."""

    seq: int
    kind: Kind
    sender: str
    client_id: str
    sent_at: int
    text: str
    event: dict[str, Any] | None = None
    reply_to: int | None = None
    mentions: list[str] = []
    edited_at: int | None = None
    redacted_at: int | None = None


class MarkView(msgspec.Struct):
    user: str
    read: int
    delivered: int


class Event(msgspec.Struct, tag_field="type"):
    """Anything that goes down."""


class MessageEvent(Event, tag="message"):
    conversation: str
    head: int
    message: MessageView


class Ack(Event, tag="ack"):
    id: str | None
    conversation: str
    client_id: str
    seq: int
    sent_at: int
    duplicate: bool


class ReceiptEvent(Event, tag="receipt"):
    conversation: str
    marks: list[MarkView]


class TypingEvent(Event, tag="typing"):
    conversation: str
    user: str


class ConversationEvent(Event, tag="conversation"):
    conversation: msgspec.Raw


class ContactsEvent(Event, tag="contacts"):
    """Contacts, requests or blocks of one's own changed: read them anew."""


class Welcome(Event, tag="welcome"):
    id: str | None
    session: str
    user: str
    device: str
    cursor: str
    heartbeat_seconds: int
    limits: dict[str, int]
    epoch: int
    server_time_at: int


class Page(Event, tag="page"):
    """`more_before` and `more_after` say whether somebody with the reader's spans could page on."""

    id: str | None
    conversation: str
    messages: list[MessageView]
    head: int
    more_before: bool
    more_after: bool


class Placed(msgspec.Struct):
    conversation: str
    message: MessageView


class Touched(msgspec.Struct):
    conversation: str
    head: int
    read: int


class PlacedMarks(msgspec.Struct):
    conversation: str
    marks: list[MarkView]


class Synced(Event, tag="synced"):
    id: str | None
    cursor: str
    more: bool
    conversations: list[Touched]
    changed: list[msgspec.Raw]
    messages: list[Placed]
    receipts: list[PlacedMarks]
    contacts: bool  # they changed: read them anew


class Resync(Event, tag="resync"):
    id: str | None
    cursor: str
    reason: str


class HeartbeatEvent(Event, tag="heartbeat"):
    id: str | None
    cursor: str


class Door(msgspec.Struct, frozen=True):
    """One node and the ticket that opens it."""

    url: str
    ticket: str


class Goodbye(Event, tag="goodbye"):
    """`nodes` are those to try; none: ask for some when `reconnect_after` seconds are over."""

    reason: str
    reconnect_after: float
    nodes: list[Door]


def encode_event(event: Event) -> str:
    """One frame's text. Encode once, deliver to many."""
    return _encoder.encode(event).decode()


def encode_error(error: ChatsiteError, command_id: str | None) -> str:
    return _encoder.encode({"type": "error", "id": command_id, **error.as_dict()}).decode()


def view_message(message: Message, *, text_max: int | None = None) -> MessageView:
    """A preview when `text_max` is given."""
    return MessageView(
        seq=message.seq, kind=message.kind, sender=str(message.sender), client_id=message.client_id, sent_at=message.sent_at,
        text=message.text if text_max is None else message.text[:text_max], event=message.event, reply_to=message.reply_to,
        mentions=[str(user) for user in message.mentions], edited_at=message.edited_at, redacted_at=message.redacted_at,
    )  # fmt: skip


def view_marks(marks: Iterable[Mark]) -> list[MarkView]:
    return [MarkView(user=str(mark.user), read=mark.read, delivered=mark.delivered) for mark in marks]
