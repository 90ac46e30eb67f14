"""Django admin over tables of any size, at a bounded price."""

from functools import cached_property
from typing import cast

from django.contrib import admin
from django.contrib.admin import ShowFacets
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.services import users


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Looks at no more than LISTED rows and never asks COUNT(*). Who wants a row further down searches for it."""

    LISTED = 1000

    @cached_property
    def count(self) -> int:
        """The number of rows, or LISTED when there are more."""
        rows = cast("QuerySet[Model]", self.object_list)
        return len(rows.values_list("pk", flat=True)[: self.LISTED])


class LargeTableAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The newest rows first, found by index; rows are not deleted here, since messages and devices refer to them."""

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    ordering = ("-id",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class OfPeopleAdmin(LargeTableAdmin):
    """Rows that belong to people, found by whose they are; `person` is the way to them, in Django's terms."""

    person = "user"
    search_fields = ("pk",)  # for the field to be there
    search_help_text = _("The beginning of a username, a whole e-mail address, or an id of a user.")

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Model]", search_term: str
    ) -> tuple["QuerySet[Model]", bool]:
        if not search_term.strip():
            return queryset, False
        found = list(users.find_users(search_term).values_list("id", flat=True)[: BoundedPaginator.LISTED])
        return queryset.filter(**{f"{self.person}_id__in": found}), False
