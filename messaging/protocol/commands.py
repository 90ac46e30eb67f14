"""Frames that clients send up, decoded and typed by msgspec; docs/protocol.md describes each."""

from typing import Annotated

import msgspec

from chatsite.core.errors import BadRequest, TooLarge
from chatsite.core.ids import MAX_ID

# 1,310,720 bytes hold 99,999 emoji even when each is written as two \u escapes.
FRAME_MAX = 1_310_720
READS_MAX = 1_000

Id = Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,18}$")]
Seq = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Tag = Annotated[str, msgspec.Meta(max_length=64)]
ClientId = Annotated[str, msgspec.Meta(min_length=36, max_length=36)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=100)]


class Command(msgspec.Struct, frozen=True, tag_field="type"):
    """`id` names the command; its answer carries the same."""


class Hello(Command, frozen=True, tag="hello"):
    ticket: Annotated[str, msgspec.Meta(max_length=64)]
    id: Tag | None = None
    cursor: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    reads: Annotated[dict[Id, Seq], msgspec.Meta(max_length=READS_MAX)] = {}


class Send(Command, frozen=True, tag="send"):
    conversation: Id
    client_id: ClientId
    text: str
    id: Tag | None = None
    after: Seq | None = None
    reply_to: Annotated[int, msgspec.Meta(ge=1, le=2**53)] | None = None
    mentions: Annotated[list[Id], msgspec.Meta(max_length=50)] = []


class Read(Command, frozen=True, tag="read"):
    conversation: Id
    seq: Seq
    id: Tag | None = None


class Delivered(Command, frozen=True, tag="delivered"):
    conversation: Id
    seq: Seq
    id: Tag | None = None


class Typing(Command, frozen=True, tag="typing"):
    conversation: Id
    id: Tag | None = None


class History(Command, frozen=True, tag="history"):
    conversation: Id
    id: Tag | None = None
    before: Seq | None = None
    after: Seq | None = None
    around: Seq | None = None
    limit: Limit = 50


class Sync(Command, frozen=True, tag="sync"):
    cursor: Annotated[str, msgspec.Meta(max_length=64)]
    id: Tag | None = None


class PresenceWatch(Command, frozen=True, tag="presence.watch"):
    users: Annotated[list[Id], msgspec.Meta(max_length=500)]
    id: Tag | None = None


class Heartbeat(Command, frozen=True, tag="heartbeat"):
    """`active` says whether somebody looks at this device: then the others need not ring."""

    id: Tag | None = None
    active: bool = False


AnyCommand = Hello | Send | Read | Delivered | Typing | History | Sync | PresenceWatch | Heartbeat

_decoder: msgspec.json.Decoder[AnyCommand] = msgspec.json.Decoder(AnyCommand)


class _Envelope(msgspec.Struct):
    """The little that an answer to a refused command needs."""

    id: str | None = None
    type: str | None = None


_envelope_decoder = msgspec.json.Decoder(_Envelope)


class Malformed(BadRequest):
    """Not a frame at all: the socket closes with 4004."""


def decode_command(text: str) -> AnyCommand:
    """Raises Malformed for what is not a JSON object with a `type`, BadRequest for a frame whose type or fields are refused."""
    if len(text) > FRAME_MAX:
        raise TooLarge("The frame is too large")
    try:
        return _decoder.decode(text)
    except msgspec.ValidationError as error:
        if _read_envelope(text) is None:
            raise Malformed("A frame is a JSON object with a type") from error
        raise BadRequest(str(error)) from error
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError) as error:
        raise Malformed("The frame is not JSON") from error


def refused_id(text: str) -> str | None:
    """The `id` of a frame that `decode_command` refused, so that its sender can match the error."""
    envelope = _read_envelope(text)
    return envelope.id[:64] if envelope and envelope.id else None


def _read_envelope(text: str) -> _Envelope | None:
    try:
        envelope = _envelope_decoder.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None
    return envelope if envelope.type is not None else None


def parse_id(text: str, *, field: str = "id") -> int:
    """An id of the wire. Raises BadRequest beyond 63 bits or for anything but plain digits."""
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and 0 < int(text) <= MAX_ID):
        raise BadRequest("%(name)s is not an id", name=field)
    return int(text)
