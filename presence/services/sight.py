"""How somebody's presence looks to whoever may see less than all of it."""

from collections.abc import Mapping

import msgspec

from accounts.services.ties import HIDDEN, Sees
from presence.protocol import Presence, encode_presence


def as_seen(presence: Presence, sees: Sees) -> Presence:
    """Whoever hides looks like somebody who is offline and never was seen."""
    return msgspec.structs.replace(
        presence,
        online=presence.online and sees.online,
        last_active_at=presence.last_active_at if sees.last_active else None,
    )


def as_seen_by(presence: Presence, sights: Mapping[int, Sees]) -> Presence:
    return as_seen(presence, sights.get(presence.user, HIDDEN))


class Frames:
    """The frames that tell of one presence: encoded once for all who see the same of it."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self._encoded: dict[Sees, str] = {}

    def seen_with(self, sees: Sees) -> str:
        frame = self._encoded.get(sees)
        if frame is None:
            frame = self._encoded[sees] = encode_presence([as_seen(self._presence, sees)])
        return frame
