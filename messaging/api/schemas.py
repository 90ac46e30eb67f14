"""The JSON of messaging for the OpenAPI document and for validating requests; docs/protocol.md describes the objects."""

from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field

from accounts.api.schemas import Id, Milliseconds, UserOut
from notifications.services.preferences import Wish

SEQ_MAX = 2**53
Seq = Annotated[int, Field(ge=0, le=SEQ_MAX)]
StrictSeq = Annotated[int, Field(ge=0, le=SEQ_MAX, strict=True)]  # in bodies: no text, no boolean
Username = Annotated[str, Field(max_length=150)]
Region = Annotated[str, Field(max_length=32, pattern=r"^[A-Za-z0-9_.-]*$", description="Where the client is, if it knows")]
ClientId = Annotated[str, Field(min_length=36, max_length=36, description="UUID made by the device, kept over retries")]


class MemberOut(Schema):
    user: UserOut
    role: Literal["owner", "admin", "member"]
    state: Literal["joined", "invited", "declined", "left", "removed"]
    spans: list[tuple[int, int | None]]
    invited_by: Id | None = None


class ConversationOut(Schema):
    id: Id
    kind: Literal["direct", "group"]
    title: str
    version: int
    created_at: Milliseconds
    head: int
    members: list[MemberOut]
    people: list[UserOut] | None = None


class MessageOut(Schema):
    seq: int
    kind: Literal["text", "event", "void"]
    sender: Id
    client_id: str
    sent_at: Milliseconds
    text: str
    event: dict[str, Any] | None = None
    reply_to: int | None = None
    mentions: list[Id] = []
    edited_at: Milliseconds | None = None
    redacted_at: Milliseconds | None = None


class EntryOut(Schema):
    conversation: ConversationOut
    head: int
    read: int
    unread: int
    active_at: Milliseconds
    preview: MessageOut | None
    others_read: int
    others_delivered: int


class EntriesOut(Schema):
    entries: list[EntryOut]
    next: int | None
    cursor: str


class OpenDirect(Schema):
    kind: Literal["direct"]
    username: Username


class OpenGroup(Schema):
    kind: Literal["group"]
    title: Annotated[str, Field(max_length=1000)]
    usernames: Annotated[list[Username], Field(max_length=100)] = []


OpenWish = Annotated[OpenDirect | OpenGroup, Field(discriminator="kind")]


class TitleIn(Schema):
    title: Annotated[str, Field(max_length=1000)]


class PeopleIn(Schema):
    usernames: Annotated[list[Username], Field(min_length=1, max_length=100)]


class RoleIn(Schema):
    role: Literal["owner", "admin", "member"]


class MessageIn(Schema):
    client_id: ClientId
    text: str
    after: StrictSeq | None = None
    reply_to: Annotated[int, Field(ge=1, le=SEQ_MAX, strict=True)] | None = None
    mentions: Annotated[list[Id], Field(max_length=50)] = []


class SentOut(Schema):
    conversation: Id
    client_id: str
    seq: int
    sent_at: Milliseconds
    duplicate: bool


class PageOut(Schema):
    messages: list[MessageOut]
    head: int
    more_before: bool
    more_after: bool


class SeqIn(Schema):
    seq: StrictSeq


class MarkOut(Schema):
    user: Id
    read: int
    delivered: int


class MarksOut(Schema):
    marks: list[MarkOut]


class NodeOut(Schema):
    url: str
    ticket: str


class ConnectionIn(Schema):
    region: Region = ""


class ConnectionOut(Schema):
    nodes: list[NodeOut]


class TouchedOut(Schema):
    conversation: Id
    head: int
    read: int


class PlacedOut(Schema):
    conversation: Id
    message: MessageOut


class PlacedMarksOut(Schema):
    conversation: Id
    marks: list[MarkOut]


class SyncedOut(Schema):
    type: Literal["synced"]
    id: str | None = None
    cursor: str
    more: bool
    conversations: list[TouchedOut]
    changed: list[ConversationOut]
    messages: list[PlacedOut]
    receipts: list[PlacedMarksOut]
    contacts: bool


class ResyncOut(Schema):
    type: Literal["resync"]
    id: str | None = None
    cursor: str
    reason: Literal["epoch", "trimmed", "unknown"]


class ContactOut(Schema):
    user: UserOut
    state: Literal["contact", "sent", "received"]
    since: Milliseconds


class ContactsOut(Schema):
    contacts: list[ContactOut]
    blocked: list[UserOut]


class AskByUsername(Schema):
    username: Username


class AskByInvite(Schema):
    invite: Annotated[str, Field(max_length=100)]


AskWish = AskByUsername | AskByInvite


class PresenceOut(Schema):
    user: Id
    online: bool
    last_active_at: Milliseconds | None


class PresencesOut(Schema):
    users: list[PresenceOut]


class ConversationPush(Schema):
    """What is pushed of a conversation: every message, mentions, or nothing; muted it is mentions until then."""

    level: Literal["all", "mentions", "none"] = "all"
    muted_until: Annotated[int, Field(ge=0, le=253_402_300_799_000, description="Milliseconds since 1970-01-01 UTC")] | None = (
        None
    )

    @classmethod
    def of(cls, wish: Wish) -> "ConversationPush":
        return cls(level=wish.level, muted_until=wish.muted_until or None)  # type: ignore[arg-type]
