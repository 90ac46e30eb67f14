"""What presence says on the socket; docs/protocol.md describes the frame."""

from collections.abc import Iterable

import msgspec


class Presence(msgspec.Struct, frozen=True):
    """Whether somebody is online, and when they last were (ms; None: never seen by this server's memory).

    Of two sights of one person the one of the greater `moment` is the later: a packet may overtake an answer.
    """

    user: int
    online: bool
    last_active_at: int | None = None
    moment: tuple[int, int] = (0, 0)


class PresenceView(msgspec.Struct):
    user: str
    online: bool
    last_active_at: int | None


class PresenceEvent(msgspec.Struct, tag_field="type", tag="presence", omit_defaults=True):
    users: list[PresenceView]
    id: str | None = None  # of the command it answers


def view_presence(presences: Iterable[Presence]) -> list[PresenceView]:
    return [PresenceView(str(presence.user), presence.online, presence.last_active_at) for presence in presences]


def encode_presence(presences: Iterable[Presence], command_id: str | None = None) -> str:
    return msgspec.json.encode(PresenceEvent(view_presence(presences), command_id)).decode()
