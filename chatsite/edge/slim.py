"""A WebSocket protocol under uvicorn that keeps next to nothing for an idle socket, in place of uvicorn's own.

The ASGI application runs for the handshake. One that detaches (consumer.py) has returned when the socket is open, and is called back from then
on; any other application is served as by every ASGI server. Frames that go to many are encoded once.
"""

import asyncio
import contextvars
import logging
from collections.abc import Coroutine
from typing import Any, Protocol, cast
from urllib.parse import unquote

from uvicorn.config import Config
from uvicorn.protocols.utils import get_local_addr, get_remote_addr, is_ssl
from uvicorn.server import ServerState

from chatsite.edge import handshake
from chatsite.edge.consumer import DETACH
from chatsite.edge.frames import BINARY, CLOSE, PING, PONG, TEXT, Failure, Reader, decode_close, encode, encode_close

logger = logging.getLogger(__name__)

UNREAD_MAX = 4_000_000  # bytes that a peer has not read yet; a peer that lets more gather is too slow
TOGETHER_FRAMES, TOGETHER_BYTES = 64, 65_536  # more of one tick, or a longer frame, goes at once
CLOSE_SECONDS = 10.0
RESTARTING, INTERNAL_ERROR, NO_TEXT, ABNORMAL = 1012, 1011, 1003, 1006

_last: tuple[str | None, bytes] = None, b""


def _wire_of(frame: str) -> bytes:
    """The last frame is remembered: one that goes to many comes again and again, the same object each time."""
    global _last
    if frame is not _last[0]:
        _last = frame, encode(TEXT, frame.encode())
    return _last[1]


class _Tick:
    """What sockets have to say in one tick of the loop goes out when it ends: each write is a system call, however little it takes along."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._speaking: list[SlimProtocol] = []

    def add(self, protocol: "SlimProtocol") -> None:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # an earlier one may have ended before its tick did
            self._loop, self._speaking = loop, []
        if not self._speaking:
            loop.call_soon(self._end)
        self._speaking.append(protocol)

    def _end(self) -> None:
        speaking, self._speaking = self._speaking, []
        for protocol in speaking:
            protocol.flush()


_tick = _Tick()


class Receiver(Protocol):
    """What is called back once an application has detached."""

    def received(self, text: str) -> bool: ...

    def refuse_binary(self) -> None: ...

    def lost(self) -> None: ...


class SlimProtocol(asyncio.Protocol):
    """One socket."""

    __slots__ = (
        "_application",
        "_close_sent",
        "_config",
        "_is_unread",
        "_key",
        "_reader",
        "_receiver",
        "_state",
        "_unwritten",
        "transport",
    )

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any], _loop: asyncio.AbstractEventLoop | None = None
    ) -> None:
        self._config = config
        self._state = server_state
        self._reader: Reader | None = None  # there is one once the socket is open
        self._key = b""
        self._receiver: Receiver | None = None
        self._application: _Application | None = None
        self._close_sent = False
        self._is_unread = False
        self._unwritten: list[bytes] | None = None  # of this tick
        self.transport: asyncio.Transport

    # --- From the transport -----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._state.connections.add(self)  # type: ignore[arg-type]  # uvicorn lists its own classes

    def connection_lost(self, error: Exception | None) -> None:
        self._state.connections.discard(self)
        self._close_sent = True
        self._unwritten = None
        if self._receiver is not None:
            self._receiver.lost()
        elif self._application is not None:
            self._application.disconnect(ABNORMAL)
        self._application = None

    def pause_writing(self) -> None:
        self._is_unread = True
        if self._application is not None:
            self._application.writable.clear()

    def resume_writing(self) -> None:
        self._is_unread = False
        if self._application is not None:
            self._application.writable.set()

    def data_received(self, data: bytes) -> None:
        if self._reader is None:
            if not self._key and not self.transport.is_closing():
                self._shake_hands(data)
            return
        for opcode, payload in self._reader.receive(data):
            if opcode == TEXT:
                self._take(cast("str", payload))
            elif opcode == PING:
                if not self._is_unread and not self._close_sent:  # the pongs of a peer that reads nothing would only gather
                    self._write(encode(PONG, cast("bytes", payload)))
            elif opcode == CLOSE:
                self._peer_closes(cast("bytes", payload))
            elif opcode == BINARY:
                self._take_binary(cast("bytes", payload))
        if self._reader.failure is not None and not self._close_sent:
            self._fail(self._reader.failure)

    def shutdown(self) -> None:
        """The server ends."""
        if self._reader is None:
            self.transport.write(handshake.refuse(500))
        elif not self._close_sent:
            self._close_sent = True
            self._write(encode_close(RESTARTING))
        self._hang_up()

    # --- The handshake ----------------------------------------------------------------------------------------------------

    def _shake_hands(self, data: bytes) -> None:
        try:
            request = handshake.parse(data)
        except handshake.Refused as refusal:
            self.transport.write(handshake.refuse(refusal.status, refusal.headers))
            self.transport.close()
            return
        self._key = request.key
        self._application = _Application(self)
        self.transport.pause_reading()  # what comes before we answered waits
        self.run(self._serve(self._scope(request), self._application), contextvars.copy_context())

    def _scope(self, request: handshake.Request) -> dict[str, Any]:
        path, _, query = request.target.partition(b"?")
        return {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "wss" if is_ssl(self.transport) else "ws",
            "server": get_local_addr(self.transport),
            "client": get_remote_addr(self.transport),
            "root_path": "",
            "path": unquote(path.decode("ascii", "replace")),
            "raw_path": path,
            "query_string": query,
            "headers": request.headers,
            "subprotocols": request.subprotocols,
            "extensions": {DETACH: self._detach},
        }

    async def _serve(self, scope: dict[str, Any], application: "_Application") -> None:
        try:
            await self._config.loaded_app(scope, application.receive, application.send)
        except _Disconnected:
            pass
        except Exception:
            logger.exception("the application failed")
            self._end_handshake(500)
            self.close(INTERNAL_ERROR, "internal error")
        if self._receiver is None:  # it has no more to say
            self._end_handshake(500)
            self.close(1000, "")

    def _detach(self, receiver: Receiver) -> "SlimProtocol":
        self._receiver = receiver
        self._application = None
        return self

    def accept(self, subprotocol: str | None, headers: handshake.Headers = ()) -> None:
        if self._reader is None and not self.transport.is_closing():
            self.transport.write(handshake.accept(self._key, subprotocol, headers))
            self._reader = Reader(self._config.ws_max_size)
            self.transport.resume_reading()

    def _end_handshake(self, status: int) -> None:
        if self._reader is None and not self.transport.is_closing():
            self.transport.write(handshake.refuse(status))
            self.transport.close()

    # --- To the application -----------------------------------------------------------------------------------------------

    def _take(self, text: str) -> None:
        if self._receiver is None:
            self._application_gets({"type": "websocket.receive", "text": text})
        elif not self._receiver.received(text):
            self.transport.pause_reading()

    def _take_binary(self, payload: bytes) -> None:
        if self._receiver is None:
            self._application_gets({"type": "websocket.receive", "bytes": payload})
        else:
            self._receiver.refuse_binary()

    def _application_gets(self, event: dict[str, Any]) -> None:
        if self._application is not None and not self._close_sent:
            self._application.queue.put_nowait(event)
            self.transport.pause_reading()  # until it was taken

    def resume(self) -> None:
        if not self.transport.is_closing():
            self.transport.resume_reading()

    def run(self, coroutine: Coroutine[Any, Any, None], context: contextvars.Context) -> None:
        task = asyncio.get_running_loop().create_task(coroutine, context=context)
        self._state.tasks.add(task)
        task.add_done_callback(self._state.tasks.discard)

    # --- From the application ---------------------------------------------------------------------------------------------

    def write(self, frame: str) -> bool:
        if self._is_unread and self.transport.get_write_buffer_size() > UNREAD_MAX:
            return False
        if not self._close_sent:
            self._write(_wire_of(frame))
        return True

    def write_binary(self, payload: bytes) -> None:
        if not self._close_sent:
            self._write(encode(BINARY, payload))

    def close(self, code: int, reason: str) -> None:
        """The closing handshake, for which the peer has some seconds. One that does not read is cut off."""
        if self._close_sent:
            return
        self._close_sent = True
        if self._reader is None:
            self._end_handshake(403)
        elif self._is_unread:
            self.transport.abort()
        else:
            self._write(encode_close(code, reason))
            asyncio.get_running_loop().call_later(CLOSE_SECONDS, self.transport.abort)
            self.resume()  # the peer's answer has to be heard

    # --- From the peer ----------------------------------------------------------------------------------------------------

    def _peer_closes(self, payload: bytes) -> None:
        try:
            code, _ = decode_close(payload)
        except Failure as failure:
            self._fail(failure)
            return
        if self._application is not None:
            self._application.disconnect(code)
        if not self._close_sent:
            self._close_sent = True
            self._write(encode_close(code))
        self._hang_up()

    def _fail(self, failure: Failure) -> None:
        if not self._close_sent:
            self._close_sent = True
            self._write(encode_close(failure.code, failure.reason))
        if self._application is not None:
            self._application.disconnect(failure.code)
        self._hang_up()

    # --- To the transport -------------------------------------------------------------------------------------------------

    def _write(self, data: bytes) -> None:
        if self._unwritten is None:
            self._unwritten = [data]
            _tick.add(self)
        else:
            self._unwritten.append(data)
        if len(data) > TOGETHER_BYTES or len(self._unwritten) > TOGETHER_FRAMES:
            self.flush()

    def flush(self) -> None:
        unwritten, self._unwritten = self._unwritten, None
        if unwritten and not self.transport.is_closing():
            self.transport.write(unwritten[0] if len(unwritten) == 1 else b"".join(unwritten))

    def _hang_up(self) -> None:
        """After all that was said."""
        self.flush()
        self.transport.close()


class _Disconnected(OSError):
    """What ASGI wants of a send to a peer that is gone."""


class _Application:
    """An ASGI application that has not detached: its receive and send."""

    def __init__(self, protocol: SlimProtocol) -> None:
        self._protocol = protocol
        self._is_connected = True
        self.queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.queue.put_nowait({"type": "websocket.connect"})
        self.writable = asyncio.Event()
        self.writable.set()

    def disconnect(self, code: int) -> None:
        if self._is_connected:
            self._is_connected = False
            self.queue.put_nowait({"type": "websocket.disconnect", "code": code})
            self.writable.set()

    async def receive(self) -> dict[str, Any]:
        event = await self.queue.get()
        if event["type"] == "websocket.receive" and self.queue.empty():
            self._protocol.resume()
        return event

    async def send(self, event: dict[str, Any]) -> None:
        await self.writable.wait()
        if not self._is_connected:
            raise _Disconnected
        match event["type"]:
            case "websocket.accept":
                self._protocol.accept(event.get("subprotocol"), list(event.get("headers", ())))
            case "websocket.send" if event.get("text") is not None:
                self._protocol.write(event["text"])
            case "websocket.send":
                self._protocol.write_binary(event["bytes"])
            case "websocket.close":
                code = event.get("code") or 1000
                self._protocol.close(code, event.get("reason") or "")
                self.disconnect(code)
            case other:
                raise RuntimeError(f"{other} is not served")
