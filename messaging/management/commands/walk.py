"""Sends a message and prints its walk: `manage.py walk anna "Hello" --to ben`."""

import asyncio
from statistics import median
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.core.errors import ChatsiteError, StartupRefused
from messaging.services.chat import Chat, close_chat, open_chat
from messaging.services.members import Members
from messaging.services.walk import Walk, Walker, find_sender

MEANING = {
    "check": "who is in the conversation, and may the sender write there",
    "allocate": "the next seq, and the time",
    "store": "on disk",
    "commit": "the head moves: from now on anybody can read it; a push check is set",
    "ack": "the sender has the answer",
    "spread": "a pointer in every member's inbox",
    "fan-out": "encoded once, handed to every connected device",
    "done": "the note that it was owed to inboxes is gone",
}


class Command(BaseCommand):
    help = "Sends a message and prints its walk with microseconds. It opens the stores itself: stop the server first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="who sends, by username")
        parser.add_argument("text", help="what is sent")
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--to", metavar="USER", help="send to this person, in the direct conversation of the two")
        where.add_argument(
            "--conversation", metavar="ID", type=int, help="send there (default: the sender's latest conversation)"
        )
        parser.add_argument("--times", metavar="N", type=int, default=1, help="send it so often, and show the median walk too")

    def handle(self, *, user: str, text: str, to: str | None, conversation: int | None, times: int, **_: Any) -> None:
        try:
            walks = asyncio.run(self._open_and_walk(user, text, to, conversation, max(1, times)))
        except StartupRefused as refusal:
            raise CommandError(f"{refusal} (a server that runs on this data is such a process)") from None
        except ChatsiteError as error:
            raise CommandError(f"{error.detail} ({error.code})") from None
        self._print_table(walks)

    async def _open_and_walk(self, user: str, text: str, to: str | None, conversation: int | None, times: int) -> list[Walk]:
        chat = await open_chat(node=settings.NODE_NAME)
        try:
            return await self._walk(chat, user, text, to, conversation, times)
        finally:
            await close_chat(chat)

    async def _walk(self, chat: Chat, user: str, text: str, to: str | None, conversation: int | None, times: int) -> list[Walk]:
        walker = Walker(chat)
        await walker.prepare()
        sender = await find_sender(user)
        members = await walker.choose(sender=sender, to=to, conversation=conversation)
        if members is None:
            raise CommandError(f"{user} is in no conversation yet. Name somebody to send to: --to USER")
        await walker.connect(members.joined)
        walks = [await walker.walk(sender=sender, conversation=members.conversation, text=text) for _ in range(times)]
        self._print_title(members, sender, walks)
        return walks

    def _print_title(self, members: Members, sender: int, walks: list[Walk]) -> None:
        others = [member.display_name for member in members.by_user.values() if member.is_in and member.user != sender]
        where = members.title or ", ".join(others)
        last = f"–{walks[-1].sent.seq}" if len(walks) > 1 else ""
        self.stdout.write(f"{members.by_user[sender].display_name} → {where}   conversation {members.conversation}")
        self.stdout.write(f"seq {walks[0].sent.seq}{last}, {len(members.joined)} people, one pretended device each\n\n")

    def _print_table(self, walks: list[Walk]) -> None:
        """The first message of a process meets cold caches; the others show how it goes on."""
        many = len(walks) > 1
        self.stdout.write(f"  {'step':<10}{'first µs' if many else 'µs':>10}{'then µs' if many else '':>10}".rstrip())
        for number, (step, microseconds) in enumerate(walks[0].steps):
            later = [walk.steps[number][1] for walk in walks[1:]]
            self.stdout.write(self._line(step, microseconds, later, MEANING.get(step, "")))
        self.stdout.write("")
        self.stdout.write(self._line("to the ack", walks[0].ack_microseconds, [walk.ack_microseconds for walk in walks[1:]]))
        self.stdout.write(self._line("total", walks[0].microseconds, [walk.microseconds for walk in walks[1:]]))

    @staticmethod
    def _line(name: str, first: float, later: list[float], meaning: str = "") -> str:
        then = f"{median(later):>10,.0f}" if later else ""
        return f"  {name:<10}{first:>10,.0f}{then}   {meaning}".rstrip()
