"""Pages of Django admin that are to look at only."""

from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from accounts.large_tables import LargeTableAdmin


class Looking:
    """Nothing is added, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class LookOnly(Looking, LargeTableAdmin):
    """A list that is searched through one of `messaging.services.lookup`."""

    search_fields = ("id",)  # only so that there is a search box
    list_display_links: tuple[str, ...] | None = ("id",)

    def find(self, term: str) -> QuerySet[Any]:
        """The rows that a search term means."""
        raise NotImplementedError

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Model], search_term: str
    ) -> tuple[QuerySet[Model], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset & self.find(search_term), False
