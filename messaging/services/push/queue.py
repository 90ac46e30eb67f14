"""A pusher that leaves the work to others: claimed checks go into the queue of the Celery workers."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from celery import Celery
from kombu.exceptions import OperationalError

from chatsite.core.errors import Unavailable
from messaging.services.push.pusher import VISIBILITY_MS
from messaging.services.push.round import Pushing
from messaging.stores.sequencer.base import PushCheck
from messaging.stores.shown.base import Shown

LOOK = "messaging.look"
WITHDRAW = "messaging.withdraw"
QUEUE = "chatsite"
BATCH = 500  # a task
SECONDS = 2.0


class QueuePusher:
    """`url` is the broker's. A task that nobody has begun when its claim ends is dropped: its checks were claimed again."""

    def __init__(self, _: Pushing, *, url: str) -> None:
        waiting = {"socket_timeout": SECONDS, "socket_connect_timeout": SECONDS}
        self._queue = Celery("chatsite-queue", broker=url, set_as_current=False)
        self._queue.conf.update(task_serializer="json", broker_transport_options=waiting)

    async def look(self, checks: Sequence[PushCheck]) -> None:
        await self._put_all(LOOK, checks, expires=VISIBILITY_MS / 1000)

    async def withdraw(self, notices: Sequence[Shown]) -> None:
        await self._put_all(WITHDRAW, notices, expires=600)

    async def close(self) -> None:
        self._queue.close()

    async def _put_all(self, task: str, items: Sequence[PushCheck] | Sequence[Shown], *, expires: float) -> None:
        try:
            for start in range(0, len(items), BATCH):
                await asyncio.to_thread(self._put, task, msgspec.to_builtins(items[start : start + BATCH]), expires)
        except OperationalError as error:
            raise Unavailable("The queue of pushes is away") from error

    def _put(self, task: str, items: list[dict[str, Any]], expires: float) -> None:
        self._queue.send_task(task, [items], queue=QUEUE, retry=False, ignore_result=True, expires=expires)
