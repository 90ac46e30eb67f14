"""Django finds an app's tables here."""

from messaging.models.relational import Conversation, Membership, MembershipChange

__all__ = ["Conversation", "Membership", "MembershipChange"]
