"""Django admin of pushes: which devices take them, and how they went. No address and no secret is shown."""

from django.contrib import admin
from django.db.models import Model
from django.db.models.query import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.large_tables import LargeTableAdmin, OfPeopleAdmin
from notifications.models import Subscription, Tally
from notifications.services import subscriptions


@admin.register(Subscription)
class SubscriptionAdmin(OfPeopleAdmin):
    """Look, and forget."""

    ordering = ("-device_id",)
    actions = ("forget",)
    list_display = ("device", "user", "gateway", "created_at", "succeeded_at", "failed_at", "failure", "retry_at")
    list_select_related = ("device", "device__user")
    person = "device__user"
    fields = ("device", "gateway", "created_at", "succeeded_at", "failed_at", "failure", "retry_at")

    def has_forget_permission(self, request: HttpRequest) -> bool:
        return super().has_change_permission(request)

    @admin.action(description=_("Forget"), permissions=["forget"])
    def forget(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> None:
        """Nothing is pushed to the chosen devices until they say anew where they are."""
        for one in queryset:
            self.log_change(request, one, "unsubscribe")
            subscriptions.unsubscribe(one.device_id)

    @admin.display(description=_("user"))
    def user(self, one: Subscription) -> str:
        return str(one.device.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Tally)
class TallyAdmin(LargeTableAdmin):
    """How pushes went, by the hour."""

    ordering = ("-hour",)
    list_display = ("hour", "gateway", "sent", "later", "gone", "refused", "dropped", "waited")
    fields = ("hour", "gateway", "sent", "later", "gone", "refused", "dropped", "waited")

    @admin.display(description=_("answered after"))
    def waited(self, one: Tally) -> str:
        """The mean, of those that were sent."""
        return f"{one.waited_ms / one.sent:.0f} ms" if one.sent else "–"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
