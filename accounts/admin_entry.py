"""The door of Django admin: allauth's login, so that second factors hold, and, if the instance asks for one, no entry without."""

from allauth.account.decorators import secure_admin_login
from allauth.mfa.adapter import get_adapter
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.forms import AdminAuthenticationForm
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _


def guard_admin(site: admin.AdminSite) -> None:
    """Puts the door in front of an admin site."""
    site.has_permission = may_administer  # type: ignore[method-assign]
    site.login = _log_in(site)  # type: ignore[method-assign]
    site.login_form = AdminAuthenticationForm
    site.site_header = site.site_title = "Chatsite"


def may_administer(request: HttpRequest) -> bool:
    """Active staff, with a second factor where the instance asks for one."""
    user = request.user
    return bool(user.is_active and user.is_staff and not _lacks_second_factor(request))


def _lacks_second_factor(request: HttpRequest) -> bool:
    return settings.ADMIN_NEEDS_SECOND_FACTOR and not get_adapter().is_mfa_enabled(request.user)


def _log_in(site: admin.AdminSite):  # type: ignore[no-untyped-def]
    allauths = secure_admin_login(site.login)

    def log_in(request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponseBase:
        if request.user.is_authenticated and request.user.is_staff and _lacks_second_factor(request):
            messages.warning(request, _("Set up a second factor first: administrators of this site need one."))
            return redirect("mfa_index")
        if request.user.is_authenticated and not (request.user.is_staff and request.user.is_active):
            return render(request, "403.html", status=403)  # a PermissionDenied would leave a traceback in the log
        return allauths(request, extra_context)  # type: ignore[no-any-return]

    return log_in
