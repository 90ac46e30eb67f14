"""The key of web push: shows it, makes it, replaces it."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from notifications.vapid import new_key, public_key, write_key


class Command(BaseCommand):
    help = "Makes the VAPID key of web push if there is none, and shows its public half. Give the same file to every process of an instance."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--replace",
            action="store_true",
            help="make a new one: browsers subscribe anew at their next visit, and get no pushes until then",
        )

    def handle(self, *, replace: bool, **_: Any) -> None:
        path = settings.VAPID_KEY_FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        if write_key(path, new_key(), replace=replace):
            self.stdout.write(f"Made {path}. Processes that run read it when they are started again.")
        self.stdout.write(f"Public key: {public_key(path.read_text())}")
