"""Django admin of people and devices: finds by index, changes through the services, shows no secret."""

from collections.abc import Callable
from typing import Any, cast

from allauth.account.admin import EmailAddress
from allauth.mfa.admin import Authenticator
from allauth.usersessions.admin import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin_entry import guard_admin
from accounts.large_tables import LargeTableAdmin, OfPeopleAdmin
from accounts.models import Device, User
from accounts.services import devices, users
from accounts.tokens import DEVICE_KEY

guard_admin(admin.site)
for model in (EmailAddress, Authenticator, UserSession):
    # Their own pages count whole tables and show sealed secrets. Imported from where they are registered, so that they are by now.
    admin.site.unregister(model)


@admin.register(User)
class PeopleAdmin(LargeTableAdmin, UserAdmin):  # type: ignore[type-arg]
    """People: find, suspend, reinstate, log out everywhere."""

    form = UserChangeForm
    add_form = AdminUserCreationForm
    list_display = ("username", "display_name", "is_active", "is_staff", "last_active_at", "date_joined")
    list_filter = ("is_active", "is_staff")
    search_fields = ("username",)
    search_help_text = _("The beginning of a username, a whole e-mail address, or an id.")
    ordering = ("-id",)
    readonly_fields = ("id", "email", "last_active_at", "last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("id", "username", "password", "display_name", "email", "locale", "theme")}),
        (_("Access"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        (_("Times"), {"fields": ("last_active_at", "last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("username", "usable_password", "password1", "password2")}),)
    actions = ("suspend", "reinstate", "log_out", "remove_second_factor")

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[User], search_term: str) -> tuple[QuerySet[User], bool]:
        return (queryset & users.find_users(search_term) if search_term.strip() else queryset), False

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Only a superuser hands out rights; nobody suspends themselves."""
        fields: tuple[str, ...] = self.readonly_fields
        if not cast("User", request.user).is_superuser:
            fields = (*fields, "is_staff", "is_superuser", "groups", "user_permissions")
        return (*fields, "is_active") if obj == request.user else fields

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        over_superuser = obj is not None and obj.is_superuser and not cast("User", request.user).is_superuser
        return not over_superuser and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: "forms.ModelForm[User]", change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data:
            (users.reinstate if obj.is_active else users.suspend)(obj)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            user = User.objects.get(pk=unquote(id))
            here = request.session.get(DEVICE_KEY) if user == request.user else None
            if here is not None:
                devices.follow_session(here, user=user, session_key=request.session.session_key or "")
            devices.revoke_all_devices(user, except_device=here)
        return response

    @admin.action(description=_("Suspend"), permissions=["change"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._for_each(request, queryset, users.suspend)

    @admin.action(description=_("Reinstate"), permissions=["change"])
    def reinstate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._for_each(request, queryset, users.reinstate)

    @admin.action(description=_("Log out everywhere"), permissions=["change"])
    def log_out(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._for_each(request, queryset, devices.revoke_all_devices)

    @admin.action(description=_("Remove a lost second factor"), permissions=["change"])
    def remove_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._for_each(request, queryset, users.remove_second_factor)

    def _for_each(self, request: HttpRequest, queryset: QuerySet[User], act: Callable[[User], Any]) -> None:
        """Leaves out oneself, and superusers unless one is a superuser too."""
        chosen = [user for user in queryset if user != request.user and self.has_change_permission(request, user)]
        for user in chosen:
            act(user)
            self.log_change(request, user, act.__name__)
        done = len(chosen)
        messages.success(request, ngettext("Done for %(count)d person.", "Done for %(count)d people.", done) % {"count": done})


@admin.register(Device)
class DeviceAdmin(OfPeopleAdmin):
    """Devices: look, and revoke. Neither the session's key nor the token's digest is shown."""

    list_display = ("id", "user", "kind", "name", "ip", "last_seen_at", "revoked_at")
    list_select_related = ("user",)
    fields = ("id", "user", "kind", "name", "user_agent", "ip", "created_at", "last_seen_at", "revoked_at")
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return super().has_change_permission(request)

    @admin.action(description=_("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Device]) -> None:
        """Logs the chosen devices out."""
        for device in queryset:
            devices.revoke_device(device)
            self.log_change(request, device, "revoke_device")
        messages.success(request, ngettext("%(count)d device.", "%(count)d devices.", len(queryset)) % {"count": len(queryset)})
