"""Who is connected where, and how busy the nodes are."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.services.users import find_users
from chatsite.core.errors import Unavailable
from messaging.admin.looking import LookOnly
from messaging.models import Connected
from messaging.services.node import ask_node
from messaging.services.whereabouts import Whereabouts, find_whereabouts

UNKNOWN = Whereabouts()


@admin.register(Connected)
class ConnectedAdmin(LookOnly):
    """A page of people, and what the nodes know of them at this moment."""

    list_display = ("username", "display_name", "online", "nodes", "active_devices", "last_active_at")
    list_display_links = None
    fields = ("id", "username", "display_name", "last_active_at")
    search_help_text = _("The beginning of a username, a whole e-mail address, or an id.")
    change_list_template = "admin/connected.html"

    def find(self, term: str) -> QuerySet[Any]:
        return Connected.objects.filter(pk__in=find_users(term).values("pk"))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """With the whereabouts of the people on the page: one question for all."""
        changelist = super().get_changelist_instance(request)
        people = list(changelist.result_list)
        known = _ask(lambda node: find_whereabouts(node, [person.pk for person in people])) or {}
        for person in people:
            person.whereabouts = known.get(person.pk, UNKNOWN)
        changelist.result_list = people
        return changelist

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        nodes = _ask(lambda node: node.discovery.all_nodes())
        return super().changelist_view(request, {**(extra_context or {}), "candidates": nodes})

    @admin.display(description=_("online"), boolean=True)
    def online(self, person: Connected) -> bool | None:
        return _of(person).online

    @admin.display(description=_("nodes"), empty_value="–")
    def nodes(self, person: Connected) -> str | None:
        return ", ".join(_of(person).nodes) or None

    @admin.display(description=_("devices in use"), empty_value="–")
    def active_devices(self, person: Connected) -> int | None:
        return _of(person).active_devices


def _of(person: Connected) -> Whereabouts:
    found: Whereabouts = person.whereabouts  # type: ignore[attr-defined]
    return found


def _ask(question: Any) -> Any:
    """None when nothing can be said now: the list of people is shown all the same."""
    try:
        return ask_node(question)
    except Unavailable:
        return None
