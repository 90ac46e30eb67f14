"""What is answered when no view did: a page for people, a problem for API clients."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static

from chatsite.core.errors import BadRequest, Forbidden, NotFound, RateLimited
from chatsite.problems import Internal, problem

_API = "/api/v1/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: a host that is not ours, a session that ended under the request."""
    return problem(BadRequest()) if request.path.startswith(_API) else render(request, "404.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return problem(Forbidden()) if request.path.startswith(_API) else render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return problem(NotFound()) if request.path.startswith(_API) else render(request, "404.html", status=404)


def too_many(request: HttpRequest) -> HttpResponse:
    """429: the rate limits of the account pages."""
    return problem(RateLimited()) if request.path.startswith(_API) else render(request, "429.html", status=429)


def failed(request: HttpRequest) -> HttpResponse:
    """500: Django has logged it."""
    return problem(Internal()) if request.path.startswith(_API) else render(request, "500.html", status=500)


def favicon(request: HttpRequest) -> HttpResponse:
    """Where browsers look when a page (the admin's, say) names no icon."""
    return redirect(static("icons/favicon.png"))
