"""The page that carries the web client."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie

from accounts.models import User
from accounts.tokens import DEVICE_KEY


@login_required
@ensure_csrf_cookie
@never_cache
def chat(request: HttpRequest, conversation_id: int | None = None, code: str = "") -> HttpResponse:
    """One page for every conversation, the contacts and invite links: the client reads the address itself."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    boot = {
        "user": {"id": str(user.id), "username": user.username, "display_name": user.shown_name},
        "device": str(request.session.get(DEVICE_KEY, "")),
        "locale": request.LANGUAGE_CODE,
        "theme": user.theme,
        "is_staff": user.is_staff,
    }
    return render(request, "chat/index.html", {"boot": boot})
