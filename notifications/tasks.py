"""What the Celery workers do for notifications: the other end of `notifications.queue`."""

import logging
import random
from typing import Any

import msgspec
from celery import Task, shared_task

from chatsite.core.errors import Unavailable
from notifications.gateways.base import Notice
from notifications.queue import TASK
from notifications.services.push import open_gateway

logger = logging.getLogger(__name__)

LONGEST_SECONDS = 30  # below TASK_SECONDS_MAX: a task that waits longer would be taken for lost, and come twice
RETRIES = 120  # about an hour


@shared_task(name=TASK, bind=True, max_retries=RETRIES)  # type: ignore[untyped-decorator]
def send_notices(task: Task, notices: list[dict[str, Any]]) -> None:
    """Those whose push service is away are tried again, later each time; the others are through."""
    gateway = open_gateway()
    owed = []
    for notice in msgspec.convert(notices, list[Notice]):
        try:
            gateway.push(notice)
        except Unavailable:
            owed.append(notice)
        except Exception:  # one that nobody can send does not take the others along
            logger.exception("the notice to device %d is given up", notice.device)
    if owed:
        seconds = min(LONGEST_SECONDS, 2 ** min(task.request.retries + 1, 10))
        raise task.retry([msgspec.to_builtins(owed)], countdown=random.uniform(seconds / 2, seconds))  # noqa: S311
