"""The OpenAPI document of `/api/auth/`: allauth's, under our address, built once instead of for every request."""

from functools import lru_cache

import msgspec
from allauth.headless.spec.internal.schema import get_schema
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET


@lru_cache(maxsize=1)
def _document() -> bytes:
    """Parsing allauth's YAML takes the better part of a second: too much to let anybody ask for again and again."""
    schema = get_schema()
    schema["info"]["title"] = "Chatsite accounts"
    schema["info"]["description"] = schema["info"]["description"].replace("/_allauth/", "/api/auth/")
    return msgspec.json.encode(schema)


@require_GET
def openapi_json(request: HttpRequest) -> HttpResponse:
    """The document, for the page `/api/auth/openapi.html` and for generators of clients."""
    return HttpResponse(_document(), content_type="application/vnd.oai.openapi+json")
