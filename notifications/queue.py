"""A pusher that leaves the work to others: notices go into the queue of the Celery workers."""

import asyncio
from collections.abc import Sequence

import msgspec
from celery import Celery
from kombu.exceptions import OperationalError

from chatsite.core.errors import Unavailable
from notifications.gateways.base import Notice

TASK = "notifications.send_notices"
QUEUE = "chatsite"
BATCH = 100  # notices a task: few enough to be sent long before the broker takes the task for lost
SECONDS = 2.0


class QueuePusher:
    """`url` is the broker's. What was taken is in its memory: it lives as long as that Redis, or the file it writes."""

    def __init__(self, url: str) -> None:
        waiting = {"socket_timeout": SECONDS, "socket_connect_timeout": SECONDS}
        self._queue = Celery("chatsite-queue", broker=url, set_as_current=False)
        self._queue.conf.update(task_serializer="json", broker_transport_options=waiting)

    async def push(self, notices: Sequence[Notice]) -> None:
        """Raises Unavailable when the broker does not take them; some may have been taken, and saying them again does no harm."""
        batches = [notices[start : start + BATCH] for start in range(0, len(notices), BATCH)]
        try:
            for batch in batches:
                await asyncio.to_thread(self._put, msgspec.to_builtins(batch))
        except OperationalError as error:
            raise Unavailable("The queue of notices is away") from error

    def _put(self, notices: list[dict[str, int]]) -> None:
        self._queue.send_task(TASK, [notices], queue=QUEUE, retry=False, ignore_result=True)
