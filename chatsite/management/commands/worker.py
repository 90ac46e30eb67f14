"""Runs a Celery worker of a distributed instance."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.celery import app


class Command(BaseCommand):
    help = "Sends what the nodes have queued, until SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--concurrency", default=8, type=int, help="how many notices are under way at once (8)")

    def handle(self, *, concurrency: int, **_: Any) -> None:
        if not settings.REDIS_URL:
            raise CommandError("A worker needs CHATSITE_PROFILE=distributed: an embedded instance sends its notices itself.")
        # Threads: a task waits for a push service, and does little else.
        quiet = ["--without-mingle", "--without-gossip", "--without-heartbeat"]
        app.worker_main(["--quiet", "worker", "--pool=threads", f"--concurrency={concurrency}", *quiet])
