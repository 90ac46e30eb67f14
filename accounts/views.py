"""The account pages that are ours: welcome, settings and devices. Logging in and the rest are allauth's, in our templates."""

from typing import cast

from allauth.account.views import login as allauth_login
from allauth.account.views import signup as allauth_signup
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.forms import DeviceNameForm, FirstAccountForm, PrivacyForm, ProfileForm, blame
from accounts.models import Device, User
from accounts.services import devices, privacy, users
from accounts.services.founding import create_first_admin, instance_is_empty
from accounts.tokens import DEVICE_KEY
from chatsite.core.errors import Conflict, Invalid, NotFound
from chatsite.core.hosts import is_this_machine
from chatsite.edge.sessions import connected_devices

BACKEND = settings.AUTHENTICATION_BACKENDS[0]


def log_in(request: HttpRequest) -> HttpResponseBase:
    """allauth's page; the first visitor of an empty instance is shown to the welcome page instead."""
    if request.method == "GET" and instance_is_empty():
        return redirect("accounts:welcome")
    return cast("HttpResponseBase", allauth_login(request))


def sign_up(request: HttpRequest) -> HttpResponseBase:
    """allauth's page too; whoever signs up first founds the instance even so (`admit`)."""
    if request.method == "GET" and instance_is_empty():
        return redirect("accounts:welcome")
    return cast("HttpResponseBase", allauth_signup(request))


@require_http_methods(["GET", "POST"])
def welcome(request: HttpRequest) -> HttpResponse:
    """Creates the first account, an administrator. Once there is one, this page is gone."""
    if not instance_is_empty():
        return redirect("/") if request.method == "GET" else render(request, "accounts/taken.html", status=409)
    form = FirstAccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            founder = create_first_admin(**form.cleaned_data)
        except Conflict:
            return render(request, "accounts/taken.html", status=409)
        except Invalid as error:
            blame(form, error)
        else:
            login(request, founder, backend=BACKEND)
            return redirect("accounts:next_steps")
    return render(request, "accounts/welcome.html", {"form": form})


@never_cache
@require_GET
@login_required
def next_steps(request: HttpRequest) -> HttpResponse:
    """What an administrator does next: ask others in."""
    here = {"address": request.build_absolute_uri("/"), "only_here": is_this_machine(request.get_host())}
    return render(request, "accounts/next_steps.html", here)


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def settings_page(request: HttpRequest) -> HttpResponse:
    """Profile, language and colours; password, e-mail and second factor are links."""
    user = cast("User", request.user)
    start = {"display_name": user.display_name, "locale": user.locale or request.LANGUAGE_CODE, "theme": user.theme}
    form = ProfileForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            users.change_profile(user, **form.cleaned_data)
        except Invalid as error:
            blame(form, error)
        else:
            with override(user.locale):
                messages.success(request, _("Saved."))
            return redirect("accounts:settings")
    return render(request, "accounts/settings.html", {"form": form, "email_confirmed": users.email_is_confirmed(user)})


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def privacy_page(request: HttpRequest) -> HttpResponse:
    """Who may write, add and see."""
    user = cast("User", request.user)
    form = PrivacyForm(request.POST or None, initial={name: getattr(user, name) for name in privacy.CHOICES})
    if request.method == "POST" and form.is_valid():
        privacy.change_privacy(user, form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("accounts:privacy")
    return render(request, "accounts/privacy.html", {"form": form})


@never_cache
@require_GET
@login_required
def devices_page(request: HttpRequest) -> HttpResponse:
    """Every login of one's own: this one first, then those connected now, then the most recently seen."""
    found = devices.list_devices(cast("User", request.user))
    current = request.session.get(DEVICE_KEY)
    connected = connected_devices([device.id for device in found])
    found.sort(key=lambda device: (device.id != current, device.id not in connected))
    return render(
        request,
        "accounts/devices.html",
        {"devices": found, "current": current, "connected": connected, "others": any(device.id != current for device in found)},
    )


@require_POST
@login_required
def rename_device(request: HttpRequest, device_id: int) -> HttpResponse:
    """Names a device."""
    form = DeviceNameForm(request.POST)
    try:
        devices.rename_device(_own(request, device_id), name=form["name"].value() or "")
    except (Invalid, NotFound) as error:
        messages.error(request, error.detail)
    return redirect("accounts:devices")


@require_POST
@login_required
def revoke_device(request: HttpRequest, device_id: int) -> HttpResponse:
    """Logs a device out; revoking the one in use is logging out."""
    try:
        devices.revoke_device(_own(request, device_id))
    except NotFound as error:
        messages.error(request, error.detail)
    else:
        if device_id == request.session.get(DEVICE_KEY):
            request.session.flush()
    return redirect("accounts:devices")


@require_POST
@login_required
def revoke_other_devices(request: HttpRequest) -> HttpResponse:
    """Logs out everywhere but here."""
    devices.revoke_all_devices(cast("User", request.user), except_device=request.session.get(DEVICE_KEY))
    messages.success(request, _("All other devices are logged out."))
    return redirect("accounts:devices")


def _own(request: HttpRequest, device_id: int) -> Device:
    return devices.find_device(cast("User", request.user), device_id=device_id)
