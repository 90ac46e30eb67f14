"""Django admin of conversations: who is in them and how that came about. To look at only, and no message text anywhere.

What changes here would pass by the message road, so that clients never heard of it; history is for ever, so nothing is deleted.
"""

from typing import cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from messaging.admin.looking import Looking, LookOnly
from messaging.models import Conversation, Membership, MembershipChange
from messaging.services.lookup import find_changes, find_conversations, find_memberships


class MembersInline(Looking, admin.TabularInline):  # type: ignore[type-arg]
    """At most 100 are in; whoever was before stays listed."""

    model = Membership
    fields = readonly_fields = ("user", "role", "state", "spans", "invited_by", "since")
    ordering = ("since", "id")
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return cast("QuerySet[Membership]", super().get_queryset(request)).select_related("user", "invited_by", "conversation")


@admin.register(Conversation)
class ConversationAdmin(LookOnly):
    """Conversations and their members."""

    list_display = ("id", "kind", "title", "created_by", "created_at", "version")
    list_select_related = ("created_by",)
    search_help_text = _("An id, the beginning of a title as it is written, or two user ids with a colon between them.")
    fields = ("id", "kind", "title", "direct_key", "created_by", "created_at", "version", "revision")
    inlines = (MembersInline,)

    def find(self, term: str) -> QuerySet[Conversation]:
        return find_conversations(term)


@admin.register(Membership)
class MembershipAdmin(LookOnly):
    """Places of people in conversations."""

    list_display = ("id", "user", "conversation_link", "role", "state", "since")
    list_select_related = ("user", "conversation")
    search_help_text = _("The beginning of a username, a whole e-mail address, or an id of a user or a conversation.")
    fields = ("id", "conversation_link", "user", "role", "state", "spans", "last_title", "invited_by", "since")

    def find(self, term: str) -> QuerySet[Membership]:
        return find_memberships(term)

    @admin.display(description=_("conversation"))
    def conversation_link(self, membership: Membership) -> str:
        return _link(membership.conversation)


@admin.register(MembershipChange)
class MembershipChangeAdmin(LookOnly):
    """What changed who was in; a change without a seq is still to be finished."""

    list_display = ("id", "conversation_link", "version", "event", "by", "seq", "created_at")
    list_select_related = ("conversation", "by")
    search_help_text = MembershipAdmin.search_help_text
    fields = ("id", "conversation_link", "version", "event", "by", "seq", "created_at")

    def find(self, term: str) -> QuerySet[MembershipChange]:
        return find_changes(term)

    @admin.display(description=_("conversation"))
    def conversation_link(self, change: MembershipChange) -> str:
        return _link(change.conversation)


def _link(conversation: Conversation) -> str:
    return format_html(
        '<a href="{}">{}</a>', reverse("admin:messaging_conversation_change", args=(conversation.pk,)), conversation
    )
