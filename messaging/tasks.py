"""What the Celery workers do: the other end of `messaging.services.push.queue`.

A task that fails, or dies with its worker, is not tried again as a task: the checks it had are claimed again, and looked at anew.
"""

from typing import Any

import msgspec
from celery import shared_task

from messaging.services.push.queue import LOOK, WITHDRAW
from messaging.services.push.round import look
from messaging.services.push.withdraw import withdraw
from messaging.services.push.worker import Worker
from messaging.stores.sequencer.base import PushCheck
from messaging.stores.shown.base import Shown

_worker = Worker()


@shared_task(name=LOOK)  # type: ignore[untyped-decorator]
def look_at(checks: list[dict[str, Any]]) -> None:
    found = msgspec.convert(checks, list[PushCheck])
    _worker.run(lambda pushing: look(pushing, found))


@shared_task(name=WITHDRAW)  # type: ignore[untyped-decorator]
def take_back(notices: list[dict[str, Any]]) -> None:
    found = msgspec.convert(notices, list[Shown])
    _worker.run(lambda pushing: withdraw(pushing, found))
