"""The page that carries the web client, and its service worker."""

from functools import cache
from pathlib import Path

from django.contrib.auth.decorators import login_required
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.tokens import DEVICE_KEY

WORKERS = ("js/worker/shell.js", "js/worker/push.js")


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


@require_GET
def service_worker(request: HttpRequest) -> HttpResponse:
    """At the root, since a service worker is in charge of what lies below its address. Browsers ask for it anew by themselves."""
    response = HttpResponse(_worker(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response


@cache
def _worker() -> str:
    """A page has one service worker: each file is a part of it, with names of its own."""
    found = [finders.find(name) for name in WORKERS]
    parts = [Path(str(path)).read_text("utf-8") for path in found if path is not None]
    if len(parts) < len(WORKERS):
        raise FileNotFoundError(WORKERS)
    return "".join(f"(() => {{\n{part}}})();\n" for part in parts)
