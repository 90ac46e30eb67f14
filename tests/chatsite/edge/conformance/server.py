"""A server that says back what it hears, on either implementation of the protocol, in a thread of its own."""

import asyncio
import socket
import threading
from typing import Any

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from chatsite.edge.consumer import LeanConsumer
from chatsite.edge.heads import BoundedHttp
from chatsite.edge.slim import SlimProtocol

MESSAGE_MAX = 70_000
PROTOCOLS: dict[str, type[asyncio.Protocol]] = {"slim": SlimProtocol, "detached": SlimProtocol, "stock": WebSocketsSansIOProtocol}


class Echo(LeanConsumer):
    """Detaches where the server can; has no use for binary messages."""

    async def opened(self, scope: dict[str, Any]) -> None:
        self.accept("echo" if "echo" in scope["subprotocols"] else None)

    async def receive_frame(self, text: str) -> None:
        self.deliver(text)

    async def closed(self) -> None:
        pass


class EchoServer:
    """`closes` are the codes that the application was told; a detached one is told none."""

    def __init__(self, implementation: str, *, consumer: type[LeanConsumer] = Echo, tls: dict[str, Any] | None = None) -> None:
        self.implementation = implementation
        self.closes: list[int] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()
        application: Any = consumer.as_asgi() if consumer is not Echo or implementation == "detached" else self._echo
        self.uvicorn = uvicorn.Server(
            uvicorn.Config(
                application, loop="uvloop", http=BoundedHttp, ws=PROTOCOLS[implementation], ws_max_size=MESSAGE_MAX,
                ws_per_message_deflate=False, ws_ping_interval=None, lifespan="off", interface="asgi3", proxy_headers=False,
                log_level="critical", log_config=None, access_log=False, timeout_graceful_shutdown=1, **(tls or {}),
            )
        )  # fmt: skip
        self._thread = threading.Thread(target=self.uvicorn.run, kwargs={"sockets": [self._listener]}, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.uvicorn.should_exit = True
        self._thread.join(10)
        self._listener.close()
        assert not self._thread.is_alive()

    async def _echo(self, scope: Any, receive: Any, send: Any) -> None:
        """Refuses `/refuse` and fails at `/fail`; ends with 4321 when it hears `close`."""
        if scope["path"] == "/fail":
            raise LookupError
        await receive()
        if scope["path"] == "/refuse":
            await send({"type": "websocket.close"})
            return
        await send({"type": "websocket.accept", "subprotocol": "echo" if "echo" in scope["subprotocols"] else None})
        while (event := await receive())["type"] != "websocket.disconnect":
            if event.get("text") == "close":
                await send({"type": "websocket.close", "code": 4321, "reason": "as you wish"})
                return
            heard = {key: event[key] for key in ("text", "bytes") if event.get(key) is not None}
            await send({"type": "websocket.send", **heard})
        self.closes.append(event["code"])
