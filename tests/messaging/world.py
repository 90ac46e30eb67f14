"""A chat without a network: real stores on a file, Django's tables, the road; people talk and screens listen."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
from channels.db import database_sync_to_async

from accounts.models import Device, User
from chatsite.edge.hub import Hub
from chatsite.edge.layer import LocalLayer
from messaging.protocol.types import Draft, Message, Sent
from messaging.services.chat import Chat, close_chat
from messaging.services.conversations import create_group, open_direct
from messaging.services.drafts import draft_text
from messaging.services.fanout import receive_packets
from messaging.services.members import Members, load_members
from messaging.services.membership import finish_pending, invite, join
from messaging.services.owed import finish_owed
from messaging.services.receipts import ReceiptBuffer
from messaging.services.send import SendRoad
from messaging.stores.inbox.sqlite import SqliteInbox
from messaging.stores.log.sqlite import SqliteMessageLog
from messaging.stores.receipts.sqlite import SqliteReceipts
from messaging.stores.sequencer.sqlite import SqliteSequencer
from messaging.stores.shown.sqlite import SqliteShownNotices
from messaging.stores.tickets.memory import MemoryTickets
from tests.contracts.clock import MovableClock

Frame = dict[str, Any]


class Screen:
    """A connected device: keeps what it was told."""

    def __init__(self, user: int, device: int) -> None:
        self.user_id = user
        self.device_id = device
        self.heard_at = 0.0
        self.frames: list[Frame] = []

    def deliver(self, frame: str) -> None:
        self.frames.append(msgspec.json.decode(frame))

    def close(self, code: int, reason: str) -> None:
        self.frames.append({"type": "closed", "code": code})

    def of_type(self, type: str) -> list[Frame]:
        return [frame for frame in self.frames if frame["type"] == type]

    def seqs(self) -> list[int]:
        return [frame["message"]["seq"] for frame in self.of_type("message")]


class World:
    """`crash` ends this life without any farewell; `recover` begins the next one as a starting node does."""

    def __init__(self, directory: Path, clock: MovableClock) -> None:
        self.path = str(directory / "messages.sqlite3")
        self.clock = clock
        self.open()

    def open(self) -> None:
        self.chat = Chat(**self.stores(), tickets=MemoryTickets(clock=self.clock), layer=LocalLayer(), hub=Hub(), node="node-1")
        receive_packets(self.chat)
        self.road = SendRoad(self.chat)
        self.buffer = ReceiptBuffer()

    def stores(self) -> dict[str, Any]:
        return {
            "sequencer": SqliteSequencer(self.path, clock=self.clock),
            "log": SqliteMessageLog(self.path),
            "inbox": SqliteInbox(self.path, clock=self.clock),
            "receipts": SqliteReceipts(self.path),
            "shown": SqliteShownNotices(self.path),
        }

    async def close(self) -> None:
        await close_chat(self.chat)

    async def crash(self) -> None:
        await self.close()
        self.open()

    async def recover(self) -> tuple[int, int]:
        """How many membership changes and how many messages were finished."""
        return await finish_pending(self.chat, self.road), await finish_owed(self.chat, whose="all")

    # --- People -------------------------------------------------------------------------------------------------------

    async def person(self, name: str = "") -> int:
        user = await User.objects.acreate(username=name or f"p{uuid4().hex[:12]}")
        return user.id

    async def people(self, count: int) -> list[int]:
        users = [User(username=f"p{uuid4().hex[:12]}") for _ in range(count)]
        await User.objects.abulk_create(users)
        return [user.id for user in users]

    async def device(self, user: int) -> int:
        device = await Device.objects.acreate(user_id=user, kind=Device.Kind.APP)
        return device.id

    async def screen(self, user: int, device: int = 0) -> Screen:
        """A device of the user that is connected from now on."""
        screen = Screen(user, device or await self.device(user))
        self.chat.hub.add(screen)
        await self.chat.inbox.register(user, self.chat.node)
        return screen

    async def username(self, user: int) -> str:
        return (await User.objects.aget(id=user)).username

    # --- Conversations ------------------------------------------------------------------------------------------------

    async def direct(self, one: int, other: int) -> int:
        return (await open_direct(self.chat, opener=one, username=await self.username(other))).conversation

    async def group(self, owner: int, *others: int, title: str = "Group") -> int:
        """A group in which everybody has joined: the owner at seq 1, the others from seq 2 on."""
        usernames = [await self.username(user) for user in others]
        members = await create_group(self.chat, self.road, creator=owner, title=title, usernames=usernames)
        for user in others:
            await join(self.chat, self.road, user=user, conversation=members.conversation)
        return members.conversation

    async def invite(self, inviter: int, conversation: int, *users: int) -> Members:
        people = [user async for user in User.objects.filter(id__in=users)]
        return await invite(self.chat, self.road, inviter=inviter, conversation=conversation, people=people)

    async def add(self, inviter: int, conversation: int, user: int) -> None:
        """Invites and joins."""
        await self.invite(inviter, conversation, user)
        await join(self.chat, self.road, user=user, conversation=conversation)

    # --- Messages -----------------------------------------------------------------------------------------------------

    def draft(self, sender: int, conversation: int, text: str = "hello", *, client_id: str = "", **more: Any) -> Draft:
        return draft_text(sender=sender, conversation=conversation, client_id=client_id or str(uuid4()), text=text, **more)

    async def say(self, sender: int, conversation: int, text: str = "hello", **more: Any) -> Sent:
        return await self.road.submit(self.draft(sender, conversation, text, **more))

    async def log(self, conversation: int) -> list[Message]:
        """Everything up to the head."""
        (head,) = await self.chat.sequencer.heads([conversation])
        messages: list[Message] = []
        for first in range(1, head.seq + 1, 100):
            messages += await self.chat.log.page(conversation, first=first, last=min(head.seq, first + 99))
        return messages

    async def inbox_seqs(self, user: int, conversation: int, cursor: str) -> list[int]:
        """The message entries a device would find in the inbox after `cursor`."""
        piece: Any = await self.chat.inbox.read(user, cursor=cursor, limit=10_000)
        return [entry.seq for entry in piece.entries if (entry.kind, entry.conversation) == ("message", conversation)]

    async def members(self, conversation: int) -> Members:
        """As they stand in the relational store."""
        members: Members = await database_sync_to_async(load_members)(conversation)
        return members


class Unreliable:
    """A store in which chosen calls fail: `broken.fail("store", error)` until `broken.mend()`."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self._failing: dict[str, Exception] = {}
        self._times: dict[str, int] = {}

    def fail(self, *methods: str, error: Exception, times: int = 1_000_000) -> None:
        for method in methods:
            self._failing[method] = error
            self._times[method] = times

    def mend(self) -> None:
        self._failing.clear()

    def __getattr__(self, name: str) -> Any:
        if name in self._failing and self._times[name] > 0:
            return self._fail(name)
        return getattr(self._store, name)

    def _fail(self, name: str) -> Any:
        async def failing(*arguments: Any, **more: Any) -> None:
            self._times[name] -= 1
            raise self._failing[name]

        return failing


def dense(seqs: Sequence[int]) -> bool:
    return list(seqs) == list(range(1, len(seqs) + 1))
