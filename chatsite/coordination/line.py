"""The connection to a shard: calls are written tick by tick and answered in their order, so that none waits for another's round trip."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from chatsite.core.redis_wire import Wire, connect

CALL_SECONDS = 2.0
CONNECT_SECONDS = 1.0
UNANSWERED_MAX = 10_000


class LineLost(ConnectionError):
    """There is no connection, or no answer in time: whether the call had an effect is unknown."""


class Line:
    """Connects when it is first used and after every loss. `meet` is told the run id of the process, and raises for one that is not meant."""

    def __init__(self, url: str, meet: Callable[[str], None]) -> None:
        self._url = url
        self._meet = meet
        self._wire: Wire | None = None
        self._connecting: asyncio.Task[Wire] | None = None
        self._unanswered: deque[tuple[float, asyncio.Future[Any]]] = deque()  # since when
        self._alarm: asyncio.TimerHandle | None = None

    async def call(self, packed: bytes) -> Any:
        """The reply to one packed command; an error of Redis is raised as hiredis.ReplyError. Raises LineLost, and whatever `meet` does."""
        wire = self._wire
        if wire is None:
            wire = await self._connected()
        if len(self._unanswered) >= UNANSWERED_MAX:
            raise LineLost("too many calls wait for an answer")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._unanswered.append((loop.time(), future))
        wire.write(packed)
        if self._alarm is None:
            self._alarm = loop.call_later(CALL_SECONDS, self._look)
        reply = await future
        if isinstance(reply, Exception):
            raise reply
        return reply

    def close(self) -> None:
        if self._wire is not None:
            self._wire.abort()

    async def _connected(self) -> Wire:
        """One try for all who call meanwhile. It is a task, since a time-out needs one and our caller may be none."""
        if self._connecting is None or self._connecting.done():
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(_look_at)
        return await asyncio.shield(self._connecting)

    async def _connect(self) -> Wire:
        wire: Wire | None = None
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                wire = await connect(self._url, hear=self._hear, lost=self._lost)
                info = bytes(await wire.ask("INFO", "server")).decode()
            (run,) = (line.partition(":")[2] for line in info.splitlines() if line.startswith("run_id:"))
            self._meet(run)
        except (OSError, TimeoutError) as error:
            _abort(wire)
            raise LineLost(str(error) or "it does not answer") from error
        except BaseException:
            _abort(wire)
            raise
        self._wire = wire
        return wire

    def _hear(self, reply: Any) -> None:
        _, future = self._unanswered.popleft()
        if not future.done():  # whoever asked may have gone
            future.set_result(reply)

    def _look(self) -> None:
        """One timer for all calls: when the oldest has waited for too long, the line is as good as lost."""
        self._alarm = None
        if not self._unanswered:
            return
        loop = asyncio.get_running_loop()
        due = self._unanswered[0][0] + CALL_SECONDS
        if loop.time() < due:
            self._alarm = loop.call_at(due, self._look)
        elif self._wire is not None:
            self._wire.abort(TimeoutError("it does not answer"))

    def _lost(self) -> None:
        self._wire = None
        unanswered, self._unanswered = self._unanswered, deque()
        for _, future in unanswered:
            if not future.done():
                future.set_result(LineLost("the connection was lost"))


def _abort(wire: Wire | None) -> None:
    if wire is not None:
        wire.abort()


def _look_at(connecting: "asyncio.Task[Wire]") -> None:
    """Whoever waited for it may have gone: then nobody else looks at its error."""
    if not connecting.cancelled():
        connecting.exception()
