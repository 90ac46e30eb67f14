"""Answers load balancers, before Django: whether this process is alive (`/healthz`), and whether to send people here (`/readyz`)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from chatsite.core.clock import clock

Event = dict[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[..., Awaitable[None]]
Obstacles = Callable[[], Awaitable[list[str]]]

KEPT_SECONDS = 1.0


class Health:
    """Stands in front of an HTTP application. `obstacles` says why nobody should be sent here; asked at most once a second."""

    def __init__(self, application: Application, *, obstacles: Obstacles) -> None:
        self._application = application
        self._obstacles = obstacles
        self._asking = asyncio.Lock()
        self._known: list[str] = []
        self._known_until = 0.0

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        if scope["path"] == "/healthz":
            await say(send, 200, "alive")
        elif scope["path"] == "/readyz":
            obstacles = await self._ask()
            await say(send, 503 if obstacles else 200, f"not ready: {', '.join(obstacles)}" if obstacles else "ready")
        else:
            await self._application(scope, receive, send)

    async def _ask(self) -> list[str]:
        async with self._asking:
            if clock.monotonic() >= self._known_until:
                self._known = await self._obstacles()
                self._known_until = clock.monotonic() + KEPT_SECONDS
            return self._known


async def nothing_else(scope: Event, receive: Receive, send: Send) -> None:
    """What a process without pages answers."""
    await say(send, 404, "not here")


async def say(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"{text}\n".encode()})
