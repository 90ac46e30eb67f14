"""The AsyncAPI document of `/ws/v1`, made from the frames' own types; `bin/asyncapi` writes it to docs/asyncapi.yaml."""

from typing import Any, Literal, get_args

import msgspec

from chatsite.core import errors
from messaging.protocol import commands, events
from messaging.protocol.types import Kind
from presence.protocol import PresenceEvent

Json = dict[str, Any]
_SCHEMA = "#/components/schemas/"
_MESSAGE = "#/components/messages/"

# What each command does, and the frames that answer it.
UP: dict[type[commands.Command], tuple[str, tuple[str, ...]]] = {
    commands.Hello: ("The first frame: who this is, and up to where it knows.", ("welcome", "synced", "resync")),
    commands.Send: ("Sends a message.", ("ack", "error")),
    commands.Read: ("The user has read up to a seq.", ("error",)),
    commands.Delivered: ("This device holds everything up to a seq.", ("error",)),
    commands.Typing: ("The user is typing. Dropped first under load.", ("error",)),
    commands.History: ("A page of a conversation: the newest, or before, after or around a seq.", ("page", "error")),
    commands.Sync: ("What happened after a cursor.", ("synced", "resync", "error")),
    commands.PresenceWatch: ("Replaces the list of people whose presence is on the screen.", ("presence", "error")),
    commands.Heartbeat: ("This device is still there.", ("heartbeat",)),
}


class UserObject(msgspec.Struct, forbid_unknown_fields=True):
    """Somebody, as others see them."""

    id: str
    username: str
    display_name: str


class MemberObject(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One person's place. `spans` are the seqs this person may see; the last of a present stay is null."""

    user: UserObject
    role: Literal["owner", "admin", "member"]
    state: Literal["joined", "invited", "left", "removed", "declined"]
    spans: list[tuple[int, int | None]]
    invited_by: str | None = None


class ConversationObject(msgspec.Struct, forbid_unknown_fields=True):
    """Keep the one with the higher `version`."""

    id: str
    kind: Literal["direct", "group"]
    title: str
    version: int
    created_at: int
    head: int
    members: list[MemberObject]


class HappeningObject(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a message of kind `event` tells. `version` numbers the changes of who is in."""

    type: Literal["created", "renamed", "joined", "added", "left", "removed", "role"]
    by: str
    version: int
    user: str | None = None
    users: list[str] | None = None
    title: str | None = None
    role: Literal["owner", "admin", "member"] | None = None


class ErrorEvent(events.Event, tag="error"):
    """The error object of every road. `id` is that of the refused command, null when it had none."""

    id: str | None
    code: str
    title: str
    detail: str
    status: int
    retry_after: float | msgspec.UnsetType = msgspec.UNSET
    field: str | msgspec.UnsetType = msgspec.UNSET


# What each event means.
DOWN: dict[type[msgspec.Struct], str] = {
    events.Welcome: "The socket is open.",
    events.Ack: "Stored, readable, and on its way to everybody.",
    ErrorEvent: "A command was refused.",
    events.MessageEvent: "A new message. The socket that sent it gets the `ack` instead.",
    events.ReceiptEvent: "Marks moved, one's own by other devices included.",
    events.TypingEvent: "Show it for 6 s.",
    PresenceEvent: "How people stand: those watched, and, unasked, contacts.",
    events.ConversationEvent: "New, or changed: title, members, roles.",
    events.ContactsEvent: "Contacts, requests or blocks changed: read `/contacts` anew.",
    events.Page: "A page of history, ascending.",
    events.Synced: "What happened after the cursor.",
    events.Resync: "The cursor is too old or unknown: compare everything, then keep the new one.",
    events.HeartbeatEvent: "The inbox's present position; also unasked, when live events may have been missed.",
    events.Goodbye: "About to close, because the node drains: connect again when `reconnect_after` seconds are over.",
}


def document() -> Json:
    """The whole document; nothing in it depends on settings or time."""
    schemas = _schemas()
    up = {_tag(struct): _message("up", struct, summary) for struct, (summary, _) in UP.items()}
    down = {_tag(struct): _message("down", struct, summary) for struct, summary in DOWN.items()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Chatsite's socket",
            "version": "1",
            "description": "The frames of /ws/v1, subprotocol chatsite.v1. How they go together, tickets, catching up, close codes and "
            "error codes: docs/protocol.md. Unknown fields are ignored on both sides.",
        },
        "defaultContentType": "application/json",
        "servers": {"instance": {"host": "localhost:8000", "protocol": "ws", "description": "An instance started by make run."}},
        "channels": {"socket": _channel(up, down)},
        "operations": _operations(down),
        "components": {
            "messages": {
                **{f"up.{tag}": message for tag, message in up.items()},
                **{f"down.{tag}": message for tag, message in down.items()},
            },
            "schemas": schemas,
        },
    }


def _channel(up: Json, down: Json) -> Json:
    names = [*(f"up.{tag}" for tag in up), *(f"down.{tag}" for tag in down)]
    return {
        "address": "/ws/v1",
        "description": "One JSON object a text frame, at most 1.25 MiB. The first frame is `hello`, within 5 s.",
        "messages": {name: {"$ref": _MESSAGE + name} for name in names},
        "bindings": {"ws": {"method": "GET"}},
    }


def _operations(down: Json) -> Json:
    """From the server's side: it receives commands, each with its answers, and sends events."""
    socket = {"$ref": "#/channels/socket"}
    receive: Json = {}
    for struct, (summary, answers) in UP.items():
        tag = _tag(struct)
        receive[f"receive.{tag}"] = {
            "action": "receive",
            "channel": socket,
            "summary": summary,
            "messages": [{"$ref": f"#/channels/socket/messages/up.{tag}"}],
            "reply": {
                "channel": socket,
                "messages": [{"$ref": f"#/channels/socket/messages/down.{answer}"} for answer in answers],
            },
        }
    send = {
        "action": "send",
        "channel": socket,
        "summary": "Everything that goes down, answers and live events.",
        "messages": [{"$ref": f"#/channels/socket/messages/down.{tag}"} for tag in down],
    }
    return {**receive, "send": send}


def _message(direction: str, struct: type[msgspec.Struct], summary: str) -> Json:
    return {
        "name": _tag(struct),
        "title": f"{_tag(struct)} ({direction})",
        "summary": summary,
        "payload": {"$ref": f"{_SCHEMA}{struct.__name__}"},
    }


def _schemas() -> Json:
    """msgspec's schemas; what travels encoded already (`Raw`) or as a plain dict gets the object it is."""
    structs = [*UP, *DOWN, ConversationObject, HappeningObject]
    _, schemas = msgspec.json.schema_components(structs, ref_template=_SCHEMA + "{name}")
    conversation = {"$ref": f"{_SCHEMA}ConversationObject"}
    _fill(schemas["ConversationEvent"]["properties"], "conversation", {}, conversation)
    _fill(schemas["Synced"]["properties"]["changed"], "items", {}, conversation)
    happening = schemas["MessageView"]["properties"]["event"]["anyOf"]
    _fill(happening, 0, {"type": "object"}, {"$ref": f"{_SCHEMA}HappeningObject"})
    schemas["ErrorEvent"]["properties"]["code"]["enum"] = error_codes()
    assert set(schemas["MessageView"]["properties"]["kind"]["enum"]) == set(get_args(Kind))  # noqa: S101 - sorted, not lost
    return dict(sorted(schemas.items()))


def _fill(place: Any, key: str | int, was: Json, now: Json) -> None:
    """Raises when the type has come to say something itself: then that is to be used."""
    if place[key] != was:
        raise ValueError(f"{key} is described by its type now: {place[key]}")
    place[key] = now


def error_codes() -> list[str]:
    """Every code that the socket can answer with."""
    refusals = [item for item in vars(errors).values() if isinstance(item, type) and issubclass(item, errors.ChatsiteError)]
    return sorted({refusal.code for refusal in refusals})


def _tag(struct: type[msgspec.Struct]) -> str:
    return str(struct.__struct_config__.tag)
