"""A device that behaves as docs/protocol.md tells one to: an outbox, a cursor, gaps pulled by history."""

import asyncio
import contextlib
from collections import deque
from uuid import uuid4

import httpx
from websockets.exceptions import WebSocketException

from tests.client import Frame, Phone, Refused, Socket
from tests.journeys.checker import Held, History, Send


class Device:
    """One device in one conversation. `start` keeps it connected until `stop`, through whatever happens to the server."""

    def __init__(self, phone: Phone, conversation: str, user: str, history: History) -> None:
        self.phone = phone
        self.held: Held = {}
        self.user = user
        self._conversation = conversation
        self._history = history
        self._outbox: deque[tuple[Send, Frame]] = deque()
        self._head = 0
        self._cursor: str | None = None
        self._socket: Socket | None = None
        self._stopping = False
        self._runner: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._runner = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Waits until the outbox is empty and ends the connection."""
        self._stopping = True
        assert self._runner is not None
        await asyncio.wait_for(self._runner, 60)

    def send(self, text: str) -> None:
        client_id = str(uuid4())
        frame = {"type": "send", "conversation": self._conversation, "client_id": client_id, "text": text, "after": self._head}
        self._outbox.append((self._history.invoke(self.user, client_id), frame))

    async def catch_up(self) -> None:
        """Connects once more, takes what was missed and pulls every gap."""
        socket = await self.phone.connect(self._cursor)
        if self._cursor is not None:
            await self._take_synced(socket)
        else:
            self._cursor = socket.welcome["cursor"]
        await self._pull(socket)
        await socket.close()

    async def _run(self) -> None:
        while self._outbox or not self._stopping:
            with contextlib.suppress(WebSocketException, OSError, Refused, AssertionError, httpx.HTTPError):
                await self._live()
            await asyncio.sleep(0.05)

    async def _live(self) -> None:
        socket = await self.phone.connect(self._cursor)
        try:
            if self._cursor is None:
                self._cursor = socket.welcome["cursor"]
            else:
                await self._take_synced(socket)
            while self._outbox or not self._stopping:
                self._take_messages(socket)
                if self._outbox:
                    await self._send_oldest(socket)
                elif socket.is_closed:
                    return
                else:
                    await asyncio.sleep(0.01)
        finally:
            self._take_messages(socket)
            await socket.close()

    async def _send_oldest(self, socket: Socket) -> None:
        send, frame = self._outbox[0]
        ack = await socket.call(frame)
        self._outbox.popleft()
        send.succeed(ack["seq"])

    def _take_messages(self, socket: Socket) -> None:
        for frame in socket.of_type("message"):
            if frame["conversation"] == self._conversation:
                self._hold(frame["message"])

    async def _take_synced(self, socket: Socket) -> None:
        synced = await socket.expect("synced")
        while True:
            for placed in synced["messages"]:
                if placed["conversation"] == self._conversation:
                    self._hold(placed["message"])
            self._cursor = synced["cursor"]
            if not synced["more"]:
                return
            synced = await socket.call({"type": "sync", "cursor": self._cursor})

    async def _pull(self, socket: Socket) -> None:
        """Pages down through everything, as a device without a cache does, and takes what it lacks."""
        before: int | None = None
        while True:
            place: Frame = {} if before is None else {"before": before}
            page = await socket.call({"type": "history", "conversation": self._conversation, "limit": 100, **place})
            for message in page["messages"]:
                self._hold(message)
            if not page["more_before"]:
                return
            before = page["messages"][0]["seq"]

    def _hold(self, message: Frame) -> None:
        key = (message["sender"], message["client_id"])
        known = self.held.setdefault(message["seq"], key)
        assert known == key, f"seq {message['seq']} was {known} and is {key}"
        self._head = max(self._head, message["seq"])
