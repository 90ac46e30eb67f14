"""The socket of `/ws/v1`: translates frames into service calls and answers; docs/protocol.md is its contract."""

import asyncio
import logging
import secrets
from collections.abc import Coroutine
from functools import partial
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.conf import settings

from chatsite.core.clock import clock
from chatsite.core.errors import Busy, ChatsiteError, Unavailable
from chatsite.core.outages import OUTAGES
from chatsite.edge.consumer import FAILED, SLOW, LeanConsumer
from chatsite.edge.stock import QUEUE_CHARACTERS
from messaging.protocol import commands
from messaging.protocol.commands import FRAME_MAX, decode_command, parse_id, refused_id
from messaging.protocol.events import Ack, HeartbeatEvent, Page, Welcome, encode_error, encode_event, view_message
from messaging.protocol.types import Sent
from messaging.services.drafts import draft_text
from messaging.services.history import read_history
from messaging.services.node import Node, get_node
from messaging.services.receipts import mark_delivered, mark_read, repeat_reads
from messaging.services.sync import sync
from messaging.services.typing import show_typing
from presence.protocol import encode_presence

logger = logging.getLogger(__name__)

REFUSALS: tuple[type[Exception], ...] = (ChatsiteError, *OUTAGES)

SUBPROTOCOL = "chatsite.v1"
HELLO_SECONDS = 5.0
HEARTBEAT_SECONDS = 10
STRANGERS_MAX = 2_000
HELD_MAX = 5_000
IN_FLIGHT_MAX = 64
LIMITS = {"text": 99_999, "frame": FRAME_MAX, "in_flight": IN_FLIGHT_MAX, "group": 100, "mentions": 50}
ORIGIN_REFUSED, RESTART, OVERLOAD, BAD_TICKET, NO_HELLO, BAD_FRAME = 1008, 1012, 1013, 4001, 4003, 4004


class ChatConsumer(LeanConsumer):
    """One socket. `node` is set before the first frame is read; `user_id` and `device_id` by `hello`."""

    strangers: ClassVar[int] = 0  # open sockets that have not said hello
    _held_characters = 0
    _told_cursor = ""
    _is_active = False  # somebody looks at this device, as its heartbeats say

    async def opened(self, scope: dict[str, Any]) -> None:
        self.heard_at = clock.monotonic()
        self._held: list[str] | None = None  # live events while the device is being synced
        self._is_welcome = False
        self._in_flight = 0
        ChatConsumer.strangers += 1
        self.accept(SUBPROTOCOL if SUBPROTOCOL in scope["subprotocols"] else None)
        if not _is_allowed_origin(scope["headers"]):
            self.close(ORIGIN_REFUSED, "origin refused")
        elif ChatConsumer.strangers > STRANGERS_MAX:
            self.close(OVERLOAD, "too many connections")
        else:
            self._hello_timer = asyncio.get_running_loop().call_later(HELLO_SECONDS, self.close, NO_HELLO, "no hello")
            self.node: Node = await get_node()

    async def closed(self) -> None:
        if not self._is_welcome:
            ChatConsumer.strangers -= 1
            return
        node = self.node
        node.chat.hub.remove(self)
        node.online.unwatch(self)
        if self._is_active:
            self._note_use(False)
        await node.online.leave(self.user_id, self.session, at_once=self.close_code == 4002)
        if not node.chat.hub.is_connected(self.user_id):
            await node.chat.inbox.unregister(self.user_id, node.chat.node)

    def receive_frame(self, text: str) -> Coroutine[Any, Any, None] | None:
        """What need not wait, most heartbeats and every send, costs no coroutine."""
        self.heard_at = clock.monotonic()
        try:
            command = decode_command(text)
            rest = self._obey(command) if self._is_welcome else self._obey_first(command)
        except Exception as error:  # noqa: BLE001 - one bad frame must not end the server's reading
            self._refuse(error, text)
            return None
        return None if rest is None else self._finish(rest, text)

    async def _finish(self, rest: Coroutine[Any, Any, None], text: str) -> None:
        try:
            await rest
        except Exception as error:  # noqa: BLE001 - as above
            self._refuse(error, text)

    def _refuse(self, error: Exception, text: str) -> None:
        if isinstance(error, commands.Malformed):
            self.deliver(encode_error(error, None))
            self.close(BAD_FRAME, "bad frame")
        elif isinstance(error, ChatsiteError):
            self.deliver(encode_error(error, refused_id(text)))
            if not self._is_welcome:
                self.close(BAD_FRAME, "hello comes first")
        elif isinstance(error, OUTAGES):
            logger.warning("a frame met a server that is away: %s", error)
            self.deliver(encode_error(Unavailable(retry_after=1), refused_id(text)))
        else:
            logger.error("a frame failed", exc_info=error)
            self.close(FAILED, "internal error")

    def deliver(self, frame: str) -> None:
        if self._held is None:
            super().deliver(frame)
        elif len(self._held) < HELD_MAX and self._held_characters + len(frame) <= QUEUE_CHARACTERS:
            self._held_characters += len(frame)
            self._held.append(frame)
        else:
            self.close(SLOW, "too slow")

    async def _hello(self, hello: commands.Hello) -> None:
        """Registers first, syncs then, and lets what came meanwhile through after that: nothing falls between."""
        node = self.node
        if node.is_draining:
            self.close(RESTART, "restarting")
            return
        holder = await node.chat.tickets.take(hello.ticket, node=node.chat.node)
        if holder is None:
            self.close(BAD_TICKET, "get a new ticket")
            return
        self._hello_timer.cancel()
        self.user_id, self.device_id, self.session = holder.user, holder.device, secrets.token_urlsafe(9)
        self._held = []
        self._is_welcome = True
        ChatConsumer.strangers -= 1
        node.chat.hub.add(self)
        try:
            await node.chat.inbox.register(self.user_id, node.chat.node)
            await node.online.arrive(self.user_id, self.session)
            await self._welcome(hello)
        except REFUSALS as error:  # half a welcome would leave holes: start again
            logger.warning("a hello failed: %s", error)
            self.close(OVERLOAD, "try again")
            return
        held, self._held = self._held, None
        for frame in held:
            self.deliver(frame)
        reads = {parse_id(conversation): seq for conversation, seq in hello.reads.items()}
        await repeat_reads(node.chat, node.receipts, reader=self.user_id, device=self.device_id, reads=reads, skip=self)

    async def _welcome(self, hello: commands.Hello) -> None:
        chat = self.node.chat
        welcome = Welcome(
            id=hello.id,
            session=self.session,
            user=str(self.user_id),
            device=str(self.device_id),
            cursor=hello.cursor or await chat.inbox.cursor(self.user_id),
            heartbeat_seconds=HEARTBEAT_SECONDS,
            limits=LIMITS,
            epoch=chat.sequencer.epoch,
            server_time_at=clock.now_ms(),
        )
        super().deliver(encode_event(welcome))
        if hello.cursor is not None:
            super().deliver(encode_event(await sync(chat, user=self.user_id, cursor=hello.cursor)))

    def _obey_first(self, command: commands.AnyCommand) -> Coroutine[Any, Any, None] | None:
        if isinstance(command, commands.Hello):
            return self._hello(command)
        self.close(BAD_FRAME, "hello comes first")
        return None

    def _obey(self, command: commands.AnyCommand) -> Coroutine[Any, Any, None] | None:
        match command:
            case commands.Send():
                self._send(command)
            case commands.Heartbeat():
                return self._obey_heartbeat(command)
            case commands.Read() | commands.Delivered():
                return self._mark(command)
            case commands.Typing():
                if self.node.limits.allows("tell", self.user_id):
                    return show_typing(self.node.chat, user=self.user_id, conversation=parse_id(command.conversation))
            case commands.History():
                self._require("ask")
                return self._history(command)
            case commands.Sync():
                self._require("ask")
                return self._sync(command)
            case commands.PresenceWatch():
                self._require("ask")
                return self._watch(command)
            case commands.Hello():
                self.close(BAD_FRAME, "hello was said")
        return None

    def _obey_heartbeat(self, heartbeat: commands.Heartbeat) -> Coroutine[Any, Any, None] | None:
        if heartbeat.active is not self._is_active:
            self._note_use(heartbeat.active)
        cursor = self.node.chat.inbox.known_cursor(self.user_id)
        if cursor is None:
            return self._look_up_cursor(heartbeat)
        self._answer_heartbeat(heartbeat, cursor)
        return None

    async def _look_up_cursor(self, heartbeat: commands.Heartbeat) -> None:
        self._answer_heartbeat(heartbeat, await self.node.chat.inbox.cursor(self.user_id))

    def _answer_heartbeat(self, heartbeat: commands.Heartbeat, cursor: str) -> None:
        """Without an id only if there is news: most heartbeats then cost a reading system call and no writing one, and no phone a packet."""
        if heartbeat.id is not None or cursor != self._told_cursor:
            self._told_cursor = cursor
            self.deliver(encode_event(HeartbeatEvent(heartbeat.id, cursor)))

    def _note_use(self, is_active: bool) -> None:
        self._is_active = is_active
        self.node.online.note_use(self.user_id, self.device_id, is_active=is_active)

    def _send(self, command: commands.Send) -> None:
        """Never waits: the ack is written when the road answers, and sends of one socket keep their order on it."""
        if self._in_flight >= IN_FLIGHT_MAX:
            raise Busy("More than %(count)d unanswered sends", retry_after=0.5, count=IN_FLIGHT_MAX)
        self._require("send")
        draft = draft_text(
            sender=self.user_id, conversation=parse_id(command.conversation), client_id=command.client_id, text=command.text,
            after=command.after, reply_to=command.reply_to, mentions=command.mentions,
        )  # fmt: skip
        self._in_flight += 1
        self.node.road.submit(draft, origin=self).add_done_callback(partial(self._answer, command.id))

    def _answer(self, command_id: str | None, future: asyncio.Future[Sent]) -> None:
        self._in_flight -= 1
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            sent = future.result()
            self.deliver(
                encode_event(Ack(command_id, str(sent.conversation), sent.client_id, sent.seq, sent.sent_at, sent.duplicate))
            )
        elif isinstance(error, ChatsiteError):
            self.deliver(encode_error(error, command_id))

    async def _mark(self, command: commands.Read | commands.Delivered) -> None:
        self._require("mark")
        node, conversation = self.node, parse_id(command.conversation)
        whose: dict[str, Any] = {"device": self.device_id, "conversation": conversation, "upto": command.seq, "skip": self}
        if isinstance(command, commands.Read):
            await mark_read(node.chat, node.receipts, reader=self.user_id, **whose)
        else:
            await mark_delivered(node.chat, node.receipts, receiver=self.user_id, **whose)

    async def _sync(self, command: commands.Sync) -> None:
        found = await sync(self.node.chat, user=self.user_id, cursor=command.cursor, command_id=command.id)
        self.deliver(encode_event(found))

    async def _history(self, command: commands.History) -> None:
        page = await read_history(
            self.node.chat, reader=self.user_id, conversation=parse_id(command.conversation), before=command.before,
            after=command.after, around=command.around, limit=command.limit,
        )  # fmt: skip
        messages = [view_message(message) for message in page.messages]
        self.deliver(encode_event(Page(command.id, command.conversation, messages, page.head, page.more_before, page.more_after)))

    async def _watch(self, command: commands.PresenceWatch) -> None:
        wanted = [parse_id(user, field="users") for user in command.users]
        self.deliver(encode_presence(await self.node.online.watch(self, wanted), command.id))

    def _require(self, what: str) -> None:
        self.node.limits.require(what, self.user_id)


def _is_allowed_origin(headers: list[tuple[bytes, bytes]]) -> bool:
    """Absent is an app, which has a ticket; a browser always says, and must be on one of our pages or a listed one."""
    origins = [value for name, value in headers if name == b"origin"]
    if not origins:
        return True
    hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
    origin = origins[0].decode("latin-1")
    if len(origins) > 1 or len(hosts) != 1:
        return False
    try:
        split = urlsplit(origin)
    except ValueError:  # half an IPv6 address, say
        return False
    return (split.scheme in {"http", "https"} and split.netloc == hosts[0]) or origin in settings.SOCKET_ORIGINS
