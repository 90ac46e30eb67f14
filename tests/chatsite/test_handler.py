"""Requests have threads that stay: few, each request's own while it lasts, each with its connection."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.signals import request_started
from django.db import close_old_connections, reset_queries
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from chatsite.core.outside import outside_requests
from chatsite.handler import Handler

THREADS = 3


def _note() -> int:
    return threading.get_ident()


async def seen_twice(request: HttpRequest) -> HttpResponse:
    """Names the thread, and again after a while."""
    first = await sync_to_async(_note)()
    await asyncio.sleep(0.01)
    return HttpResponse(f"{first} {await sync_to_async(_note)()}")


def seen(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(_note()))


async def leave_something(request: HttpRequest) -> HttpResponse:
    """Starts what goes on after the request."""
    _left.append(asyncio.create_task(_later()))
    return HttpResponse()


async def _later() -> int:
    await asyncio.sleep(0.05)
    return await sync_to_async(_note)()


async def outside(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(await asyncio.create_task(sync_to_async(_note)(), context=outside_requests())))


_left: "list[asyncio.Task[int]]" = []
urlpatterns = [path("twice", seen_twice), path("once", seen), path("leave", leave_something), path("outside", outside)]


@pytest.fixture
def handler() -> Iterator[Handler]:
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[]):
        yield Handler(threads=THREADS)
    request_started.connect(reset_queries)
    request_started.connect(close_old_connections)


async def ask(handler: Handler, target: str) -> str:
    body = b""
    asked = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if asked.is_set():
            await asyncio.sleep(60)
        asked.set()
        return {"type": "http.request"}

    async def send(event: Any) -> None:
        nonlocal body
        body += event.get("body", b"")

    scope = {"type": "http", "method": "GET", "path": target, "headers": [], "query_string": b"", "server": ("testserver", 80)}
    await handler(scope, receive, send)
    return body.decode()


async def test_a_request_keeps_its_thread(handler: Handler) -> None:
    for answer in await asyncio.gather(*(ask(handler, "/twice") for _ in range(20))):
        first, second = answer.split()
        assert first == second


async def test_there_are_no_more_threads_than_told_and_the_loop_is_none_of_them(handler: Handler) -> None:
    answers = await asyncio.gather(*(ask(handler, "/twice") for _ in range(20)))
    threads = {int(answer.split()[0]) for answer in answers} | {int(await ask(handler, "/once")) for _ in range(20)}
    assert len(threads) == THREADS
    assert threading.get_ident() not in threads


async def test_what_goes_on_beside_requests_has_a_thread_that_is_no_requests(handler: Handler) -> None:
    threads = {int((await ask(handler, "/twice")).split()[0]) for _ in range(20)}
    assert int(await ask(handler, "/outside")) not in {*threads, threading.get_ident()}


async def test_what_a_request_began_may_outlive_it(handler: Handler) -> None:
    await ask(handler, "/leave")
    assert await _left.pop() != threading.get_ident()
