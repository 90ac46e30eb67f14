"""Django finds an app's tables here; those of Cassandra only where it is configured, so that others need not load its driver."""

from django.conf import settings

from messaging.models.connected import Connected
from messaging.models.relational import Conversation, Membership, MembershipChange

if "cassandra" in settings.DATABASES:
    from messaging.models.cassandra import ChangeRow, MessageRow, ReceiptRow  # noqa: F401

__all__ = ["Connected", "Conversation", "Membership", "MembershipChange"]
