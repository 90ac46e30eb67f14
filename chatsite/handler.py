"""Django's ASGI handler, on threads that stay.

Django gives each request a thread of its own for what is not asynchronous, and ends it with the request: two threads are started for that, and
a database is connected to. Here a few threads stay, each with its connection. That bounds them too: there are no more than the pool of
PostgreSQL has connections, so a crowd of requests waits for a thread, and never in vain for a connection.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import SyncToAsync, ThreadSensitiveContext
from django.core.handlers.asgi import ASGIHandler
from django.core.signals import request_started
from django.db import close_old_connections, reset_queries


class _Seat:
    """A thread, and how many requests have it for theirs."""

    def __init__(self, number: int) -> None:
        self.requests = 0
        self.context = ThreadSensitiveContext()
        SyncToAsync.context_to_thread_executor[self.context] = ThreadPoolExecutor(1, thread_name_prefix=f"request-{number}")


class Handler(ASGIHandler):
    """Make one after `django.setup()`. A request has one thread, so that what it does there comes in order."""

    def __init__(self, *, threads: int) -> None:
        super().__init__()
        self._seats = [_Seat(number) for number in range(threads)]
        # Nothing is left over when a request begins: each lets go of its connection at its end. That saves a hop.
        request_started.disconnect(close_old_connections)
        request_started.disconnect(reset_queries)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        seat = min(self._seats, key=lambda seat: seat.requests)
        seat.requests += 1
        token = SyncToAsync.thread_sensitive_context.set(seat.context)
        try:
            await self.handle(scope, receive, send)
        finally:
            SyncToAsync.thread_sensitive_context.reset(token)
            seat.requests -= 1
