"""HTTP under uvicorn with bounds for the head of a request, of which uvicorn's own takes any length, and waits for it for ever."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_MAX_BYTES = 65_536
HEAD_SECONDS = 20.0


class BoundedHttp(HttpToolsProtocol):
    """One connection, until it becomes a socket."""

    _alarm: asyncio.TimerHandle | None = None
    _kept_bytes = 0  # that were neither the end of a head nor body: all that the parser may have kept

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._kept_bytes += len(data)
        super().data_received(data)
        if self not in self.connections:  # it is a socket now
            return
        if self._kept_bytes > HEAD_MAX_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of the request is too long.")
        is_answered = self.cycle is None or self.cycle.response_complete  # type: ignore[redundant-expr]  # it is None at first
        if self._alarm is None and is_answered:
            self._await_head()

    def on_headers_complete(self) -> None:
        self._kept_bytes = 0
        self._stop_waiting()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._kept_bytes = 0
        super().on_body(body)

    def _await_head(self) -> None:
        self._alarm = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
