"""The port of a push service."""

from typing import Protocol

import msgspec


class Notice(msgspec.Struct, frozen=True):
    """What one device is told: that a conversation has something new. No message text.

    Notices of one conversation replace each other (`collapse_id`); `badge` is the user's unread count there.
    """

    device: int
    conversation: int
    seq: int
    badge: int

    @property
    def collapse_id(self) -> str:
        return f"conversation-{self.conversation}"


class Gateway(Protocol):
    """Hands notices to a push service. Called off the event loop; may block."""

    def push(self, notice: Notice) -> None: ...
