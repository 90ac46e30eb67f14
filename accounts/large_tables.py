"""Django admin over tables of any size, at a bounded price."""

from functools import cached_property
from typing import cast

from django.contrib import admin
from django.contrib.admin import ShowFacets
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest


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
