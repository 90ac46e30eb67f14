"""Gathers what many callers ask in one tick, and while a call is under way, into one call."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from chatsite.core.errors import Busy
from chatsite.core.outside import outside_requests

Item = TypeVar("Item")
Answer = TypeVar("Answer")

WAITING_MAX = 100_000


class Batcher(Generic[Item, Answer]):
    """`ask(items)` answers with one answer per item. Items keep the order in which they were asked; a failed call fails all who rode on it."""

    def __init__(self, call: Callable[[list[Item]], Awaitable[Sequence[Answer]]], *, most: int = 500) -> None:
        self._call = call
        self._most = most  # items in a call, unless one caller alone brings more
        self._waiting: deque[tuple[Sequence[Item], asyncio.Future[Sequence[Answer]]]] = deque()
        self._waiting_items = 0
        self._worker: asyncio.Task[None] | None = None

    async def ask(self, items: Sequence[Item]) -> Sequence[Answer]:
        """Raises whatever the call raises, and Busy when too much waits already."""
        if self._waiting_items + len(items) > WAITING_MAX:
            raise Busy(retry_after=1)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Sequence[Answer]] = loop.create_future()
        self._waiting.append((items, future))
        self._waiting_items += len(items)
        if self._worker is None or self._worker.done():
            self._worker = loop.create_task(self._work(), context=outside_requests())
        return await future

    async def _work(self) -> None:
        while self._waiting:
            riders = self._board()
            try:
                answers = await self._call([item for items, _ in riders for item in items])
            except Exception as error:  # noqa: BLE001 - whoever asked hears of it
                for _, future in riders:
                    if not future.done():
                        future.set_exception(error)
                continue
            except asyncio.CancelledError:  # the loop ends
                for _, future in riders:
                    future.cancel()
                raise
            start = 0
            for items, future in riders:
                if not future.done():  # its caller may have gone
                    future.set_result(answers[start : start + len(items)])
                start += len(items)

    def _board(self) -> list[tuple[Sequence[Item], "asyncio.Future[Sequence[Answer]]"]]:
        riders = [self._waiting.popleft()]
        count = len(riders[0][0])
        while self._waiting and count + len(self._waiting[0][0]) <= self._most:
            riders.append(self._waiting.popleft())
            count += len(riders[-1][0])
        self._waiting_items -= count
        return riders
