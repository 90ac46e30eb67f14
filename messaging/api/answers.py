"""Answers that are encoded by msgspec, as the socket's frames are, and only documented by their schemas."""

from typing import Any

import msgspec
from django.http import HttpResponse

_encoder = msgspec.json.Encoder()


def answer(body: Any, *, status: int = 200) -> HttpResponse:
    return HttpResponse(_encoder.encode(body), status=status, content_type="application/json")


def nothing() -> HttpResponse:
    return HttpResponse(status=204)
