"""The Celery application of the workers: what waits for a push service waits there, never in a node."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")

from typing import Any

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings

app = Celery("chatsite", broker=settings.REDIS_URL)
app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_default_queue="chatsite",
    worker_prefetch_multiplier=1,
    worker_enable_remote_control=False,
    broker_transport_options={
        "visibility_timeout": settings.TASK_SECONDS_MAX,
        "unacked_restore_throttle": 1,  # look every ten seconds for what a dead worker had; by default it is every hundred
    },
    broker_connection_retry_on_startup=True,
    timezone="UTC",
)
app.autodiscover_tasks()


@setup_logging.connect  # type: ignore[untyped-decorator]
def keep_our_logging(**_: Any) -> None:
    """With anybody connected here Celery leaves logging as Django's settings have it."""
