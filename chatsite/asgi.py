"""The ASGI application: static files outside Django's middleware, pages and REST through Django, the socket through its consumer.

ROLE decides how much of it a process has: `api` has no socket, `node` has no pages and no REST.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")

from collections.abc import Awaitable, Callable
from typing import Any

import django
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.urls import path, re_path
from servestatic import ServeStaticASGI

django.setup(set_prefix=False)  # before anything that needs the app registry

from chatsite.arrivals import Arrivals  # noqa: E402
from chatsite.bodies import BodyLimit  # noqa: E402
from chatsite.handler import Handler  # noqa: E402
from chatsite.health import Application, Health, nothing_else  # noqa: E402
from messaging.consumers import ChatConsumer  # noqa: E402
from messaging.services.node import get_node, stop_node  # noqa: E402
from messaging.services.ready import what_is_away  # noqa: E402

Event = dict[str, Any]
HASHED_NAME = r"^.+\.[0-9a-f]{12}\.[^/]+$"  # may be kept for ever


async def lifespan(scope: Event, receive: Callable[[], Awaitable[Event]], send: Callable[[Event], Awaitable[None]]) -> None:
    """Opens the node before the first request and closes it after the last."""
    await receive()
    await get_node()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await stop_node()
    await send({"type": "lifespan.shutdown.complete"})


async def no_such_socket(scope: Event, receive: Callable[[], Awaitable[Event]], send: Callable[[Event], Awaitable[None]]) -> None:
    """Refuses the handshake (403); without a route Channels would raise, and log a traceback for every stranger who tries."""
    await receive()
    await send({"type": "websocket.close"})


async def obstacles() -> list[str]:
    """Why no new client should be sent to this process."""
    node = await get_node()
    return ["draining"] if node.is_draining else await what_is_away(node.chat)


_ELSEWHERE = re_path("", no_such_socket)  # type: ignore[arg-type]  # to Channels, views are ASGI applications


def application_for(role: str) -> ProtocolTypeRouter:
    socket = [] if role == "api" else [path("ws/v1", ChatConsumer.as_asgi())]
    return ProtocolTypeRouter(
        {
            "http": Health(nothing_else if role == "node" else _pages(), obstacles=obstacles),
            "websocket": URLRouter([*socket, _ELSEWHERE]),
            "lifespan": lifespan,
        }
    )


def _pages() -> Application:
    return ServeStaticASGI(  # type: ignore[no-any-return]
        Arrivals(
            BodyLimit(Handler(threads=settings.REQUEST_THREADS), most_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE),
            per_second=settings.ARRIVALS_PER_SECOND,
        ),
        root=str(settings.STATIC_ROOT),
        prefix=settings.STATIC_URL,
        immutable_file_test=HASHED_NAME,
    )


application = application_for(settings.ROLE)
