"""The production server: uvicorn with our own WebSocket protocol, the limits that docs/protocol.md promises and a clean end."""

import asyncio
import errno
import gc
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from django.conf import settings
from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from chatsite.core.errors import StartupRefused
from chatsite.edge.heads import BoundedHttp
from chatsite.edge.slim import SlimProtocol

logger = logging.getLogger(__name__)

FRAME_MAX_BYTES = 1_310_720  # `limits.frame` of docs/protocol.md
BACKLOG = 2048
UNREAD_MILLISECONDS = 30_000
WEBSOCKETS = {"slim": SlimProtocol, "stock": WebSocketsSansIOProtocol}
GOODBYE_SECONDS = 2.0  # for clients to answer our close frames
# Python looks for cycles after 700 new objects; a message makes dozens that live for some milliseconds, and hardly ever a cycle.
NEW_OBJECTS = 20_000, 20, 20


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on `host`:`port` (0: any free port). Raises StartupRefused with a hint."""
    try:
        family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except socket.gaierror:
        raise StartupRefused(f"{host} is no address of this machine.") from None
    listener = socket.socket(family, kind, number)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # accepted sockets inherit it: a peer that never reads is dropped by the kernel
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MILLISECONDS)
    try:
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise StartupRefused(_why(error, host, port)) from None
    listener.setblocking(False)
    return listener


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken, perhaps by a Chatsite that still runs. Stop it, or take another: make run PORT={port + 1}"
    if error.errno == errno.EACCES:
        return f"Port {port} is reserved for root. Take one above 1023: make run PORT=8000"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine."
    return f"Cannot listen on {host}:{port}: {error.strerror}"


def serve(
    application: ASGI3Application, listener: socket.socket, *, on_ready: Callable[[], None], drain: Callable[[], Awaitable[None]]
) -> None:
    """Serves until SIGINT or SIGTERM, then returns. Raises StartupRefused when the application's start says so.

    SIGTERM drains first, and everything is served meanwhile. Any second signal ends at once.
    """
    refusal = _RefusalCatcher(application)
    server = _Server(_config(refusal), on_ready, drain)
    try:
        server.run(sockets=[listener])
    except SystemExit:  # uvicorn's way to say that the application did not start
        if refusal.reason is not None:
            raise refusal.reason from None
        raise
    finally:
        listener.close()


def _config(application: ASGI3Application) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        loop="uvloop",
        http=BoundedHttp,
        ws=WEBSOCKETS[settings.WEBSOCKETS],
        ws_max_size=FRAME_MAX_BYTES,
        ws_per_message_deflate=False,  # its contexts cost 100 KB a socket
        ws_ping_interval=None,  # clients send heartbeats of their own
        lifespan="on",
        interface="asgi3",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=5,
    )


class _Server(uvicorn.Server):
    """Tells when it listens, drains, and ends on a signal as on a return: the caller decides on the exit code."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None], drain: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._drain = drain
        self._hurry = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.collect()
        gc.freeze()  # what is there now stays
        gc.set_threshold(*NEW_OBJECTS)
        self._loop = asyncio.get_running_loop()
        self._on_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            self.force_exit = True
            self._loop.call_soon_threadsafe(self._hurry.set)
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._captured_signals[:1] == [signal.SIGTERM]:
            await self._empty()
        await super().shutdown(sockets)

    async def _empty(self) -> None:
        """Drains, unless somebody is in a hurry."""
        draining, hurrying = asyncio.ensure_future(self._drain()), asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait({draining, hurrying}, return_when=asyncio.FIRST_COMPLETED)
        for task in (draining, hurrying):
            task.cancel()
        _, failed = await asyncio.gather(hurrying, draining, return_exceptions=True)
        if isinstance(failed, Exception):
            logger.error("draining failed", exc_info=failed)
        await self._until_sockets_are_closed()

    async def _until_sockets_are_closed(self) -> None:
        """A connection that is cut while its peer still sends may lose what was said to it last."""
        until = self._loop.time() + GOODBYE_SECONDS
        for connection in list(self.server_state.connections):
            while isinstance(connection, WebSocketsSansIOProtocol | SlimProtocol) and connection in self.server_state.connections:
                if self._loop.time() > until or self.force_exit:
                    return
                await asyncio.sleep(0.02)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        with super().capture_signals():
            yield
            self._captured_signals.clear()  # uvicorn would raise them again


class _RefusalCatcher:
    """Keeps the StartupRefused of the application's lifespan, which uvicorn would only print as a traceback."""

    def __init__(self, application: ASGI3Application) -> None:
        self._application = application
        self.reason: StartupRefused | None = None

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] != "lifespan":
            await self._application(scope, receive, send)
            return
        try:
            await self._application(scope, receive, send)
        except asyncio.CancelledError:  # a second signal: uvicorn ends its loop without telling the application
            return
        except StartupRefused as reason:
            self.reason = reason
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # the reason is told by our caller
            await send({"type": "lifespan.startup.failed", "message": ""})
