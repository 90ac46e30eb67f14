"""Django admin of conversations, and of who is connected where."""

from messaging.admin import connected, conversations

__all__ = ["connected", "conversations"]
