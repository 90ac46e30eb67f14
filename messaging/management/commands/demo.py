"""Fills an instance with a few people, groups and a long history to look at: `manage.py demo`."""

import asyncio
import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.core.errors import ChatsiteError, StartupRefused
from messaging.services.chat import close_chat, open_chat
from messaging.services.demo.fill import Filled, fill, has_people

WORDS = (
    "amber", "brook", "cedar", "dune", "ember", "fjord", "grove", "heron", "iris", "juniper", "kelp", "lark", "maple", "north",
    "olive", "pine", "quartz", "reed", "sage", "tern",
)  # fmt: skip


class Command(BaseCommand):
    help = "Fills an instance with a few people, conversations, groups and a long history. Stop the server first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--add", action="store_true", help="also when there are people already; none of the new ones administers"
        )
        parser.add_argument("--messages", type=int, default=20_000, help="length of the longest history (20000)")
        parser.add_argument("--password", default="", help="everybody's password (default: made up and printed)")

    def handle(self, *, add: bool, messages: int, password: str, **_: Any) -> None:
        if has_people() and not add:
            raise CommandError(
                "There are people here already, and the demo would mix with what is theirs. To look at it beside them:\n"
                "  make demo DATA_DIR=/another/folder, then make run DATA_DIR=/another/folder\n"
                "To add its people to this instance all the same: .venv/bin/python manage.py demo --add"
            )
        filled = self._fill(password := password or _made_up(), messages)
        self._tell(filled, password)

    def _fill(self, password: str, messages: int) -> Filled:
        try:
            return asyncio.run(_open_and_fill(password, messages))
        except StartupRefused as refusal:
            raise CommandError(f"{refusal} (a server that runs on this data is such a process)") from None
        except ChatsiteError as error:
            raise CommandError(error.detail) from None

    def _tell(self, filled: Filled, password: str) -> None:
        self.stdout.write(f"{filled.messages:,} messages in {filled.conversations} conversations.")
        self.stdout.write("Log in as any of them, in two browsers as two of them:\n\n")
        for username in filled.usernames:
            note = "   (administrator)" if username == filled.administrator else ""
            self.stdout.write(f"  {username:<10}{note}".rstrip())
        self.stdout.write(self.style.SUCCESS(f"\n  password: {password}"))
        self.stdout.write(
            "\nAnyone who knows it can log in: keep this instance to yourself, or change the passwords. Next: make run"
        )


async def _open_and_fill(password: str, messages: int) -> Filled:
    chat = await open_chat(node=settings.NODE_NAME)
    try:
        return await fill(chat, password=password, messages=messages)
    finally:
        await close_chat(chat)


def _made_up() -> str:
    """Three words and a number: easy to type, too many to guess within the limits on wrong passwords."""
    return "-".join([*(secrets.choice(WORDS) for _ in range(3)), str(secrets.randbelow(9000) + 1000)])
