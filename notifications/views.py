"""The page of notification settings."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.forms import blame
from accounts.models import User
from accounts.tokens import DEVICE_KEY
from chatsite.core.errors import Invalid
from notifications.forms import PushForm, zones
from notifications.models import Preferences
from notifications.services import preferences, subscriptions

FIELDS = ("previews", "quiet_from", "quiet_until", "time_zone")


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def settings_page(request: HttpRequest) -> HttpResponse:
    """Which devices are told, what they show, and when they are quiet."""
    user = cast("User", request.user)
    chosen = preferences.read_preferences(user.id)
    form = PushForm(request.POST or None, initial={name: getattr(chosen, name) for name in FIELDS})
    if request.method == "POST" and form.is_valid():
        try:
            preferences.change_preferences(user.id, **form.cleaned_data)
        except Invalid as error:
            blame(form, _at_its_field(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("notifications:settings")
    return render(
        request,
        "notifications/settings.html",
        {
            "form": form,
            "zones": zones(),
            "has_chosen_zone": request.method == "POST" or Preferences.objects.filter(user=user).exists(),
            "devices": subscriptions.list_subscriptions(user.id),
            "current": request.session.get(DEVICE_KEY),
        },
    )


def _at_its_field(error: Invalid) -> Invalid:
    error.field = "quiet_until" if error.field == "quiet" else error.field
    return error
