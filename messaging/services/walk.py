"""Takes one message over the message road and writes down how long each step took."""

import uuid
from collections.abc import Sequence

import msgspec
from channels.db import database_sync_to_async

from accounts.models import User
from accounts.services.users import find_user
from chatsite.core.clock import clock
from chatsite.edge.hub import Connection
from messaging.protocol.types import Sent
from messaging.services.chat import Chat
from messaging.services.conversations import open_direct
from messaging.services.drafts import draft_text
from messaging.services.fanout import receive_packets
from messaging.services.listing import list_conversations
from messaging.services.members import Members
from messaging.services.membership import finish_pending
from messaging.services.owed import finish_owed
from messaging.services.send import SendRoad


class Walk(msgspec.Struct, frozen=True):
    """One message's way: each step's name and its microseconds, in order."""

    sent: Sent
    steps: list[tuple[str, float]]

    @property
    def ack_microseconds(self) -> float:
        """From the sender's command to the sender's answer."""
        names = [step for step, _ in self.steps]
        return sum(microseconds for _, microseconds in self.steps[: names.index("ack") + 1])

    @property
    def microseconds(self) -> float:
        return sum(microseconds for _, microseconds in self.steps)


class PretendSocket:
    """Stands for a member's device that reads at once, so that fan-out has somebody to reach."""

    def __init__(self, user: int) -> None:
        self.user_id = user
        self.device_id = -user
        self.heard_at = 0.0
        self.frames = 0

    def deliver(self, frame: str) -> None:
        self.frames += 1

    def close(self, code: int, reason: str) -> None:
        """There is nothing to close."""


class Walker:
    """Sends one message after the other with a stopwatch. Call it from one event loop, in a process that owns the stores."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._road = SendRoad(chat, watch=self._note)
        self._moments: list[tuple[str, float]] = []

    def _note(self, step: str) -> None:
        self._moments.append((step, clock.monotonic()))

    async def prepare(self) -> None:
        """Finishes what the last process left, as a node does when it starts."""
        receive_packets(self._chat)
        await finish_pending(self._chat, self._road)
        await finish_owed(self._chat)

    async def choose(self, *, sender: int, to: str | None, conversation: int | None) -> Members | None:
        """The direct conversation with `to`, the one named, else the sender's latest, if there is any. Raises NotFound."""
        if to is not None:
            return await open_direct(self._chat, opener=sender, username=to)
        if conversation is not None:
            members = await self._chat.members.get(conversation)
            members.joined_member(sender)
            return members
        for entry in (await list_conversations(self._chat, user=sender)).entries:
            members = await self._chat.members.get(int(entry["conversation"]["id"]))
            if members.by_user[sender].is_in:
                return members
        return None

    async def connect(self, users: Sequence[int]) -> list[PretendSocket]:
        """Gives each of these users a pretend device on this node."""
        sockets = [PretendSocket(user) for user in users]
        for socket in sockets:
            pretended: Connection = socket
            self._chat.hub.add(pretended)
            await self._chat.inbox.register(socket.user_id, self._chat.node)
        return sockets

    async def walk(self, *, sender: int, conversation: int, text: str) -> Walk:
        """Raises what the road refuses with."""
        draft = draft_text(sender=sender, conversation=conversation, client_id=str(uuid.uuid4()), text=text)
        self._moments = [("", clock.monotonic())]
        sent = await self._road.submit(draft)
        await self._road.drain()
        self._note("done")
        moments = zip(self._moments, self._moments[1:], strict=False)
        return Walk(sent, [(step, (now - before) * 1_000_000) for (_, before), (step, now) in moments])


async def find_sender(username: str) -> int:
    """The id of an active user. Raises NotFound."""
    user: User = await database_sync_to_async(find_user)(username)
    return user.id
