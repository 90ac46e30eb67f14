"""A device that behaves as docs/protocol.md tells one to: an outbox, a cursor, gaps pulled by history."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

import httpx
from websockets.exceptions import WebSocketException

from tests.client import Frame, Phone, Refused, Socket
from tests.journeys.history import History, Send

ANSWER_SECONDS = 4.0
HEARTBEAT_SECONDS = 2.0
FOR_GOOD = {"conflict", "forbidden", "invalid", "not_found"}
IN_DOUBT = {"internal", "unavailable"}
CUT_OFF = (
    WebSocketException,
    OSError,
    TimeoutError,
    Refused,
    AssertionError,
    httpx.HTTPError,
)  # AssertionError: an answer that did not come


class Road(Protocol):
    """Whatever answers commands."""

    async def call(self, frame: Frame) -> Frame: ...


@dataclass
class _Outgoing:
    """What waits in the outbox. `is_doubtful`: an earlier try may have been stored, so that a refusal now says nothing."""

    send: Send
    frame: Frame
    is_doubtful: bool = False


class Device:
    """One device of one person. `start` keeps it connected until `stop`, through whatever happens to the servers."""

    def __init__(self, phone: Phone, user: str, histories: Mapping[str, History], *, name: str) -> None:
        self.phone = phone
        self.node = ""  # the socket URL of the node it is connected to
        self.user = user
        self.name = name
        self.cut_off = 0  # times that its connection ended
        self.refusals: list[str] = []
        self.resyncs: list[str] = []  # why its cursor was no good
        self.histories = histories
        self._holdings = {conversation: history.holding(name, user) for conversation, history in histories.items()}
        self._outbox: deque[_Outgoing] = deque()
        self._heads = dict.fromkeys(histories, 0)
        self._whole = dict.fromkeys(histories, 0)  # up to here it holds everything it may see
        self._asked: dict[str, int] = {}  # heads that were asked for: not again before the next heartbeat
        self._cursor: str | None = None
        self._stopping = False
        self._runner: asyncio.Task[None] | None = None

    @property
    def unsent(self) -> int:
        return len(self._outbox)

    @property
    def is_up_to_date(self) -> bool:
        """As far as it knows, once it has been connected."""
        return self._cursor is not None and all(head <= self._whole[conversation] for conversation, head in self._heads.items())

    def holds(self, conversation: str, seq: int) -> bool:
        return seq in self._holdings[conversation].held

    def start(self) -> None:
        self._stopping = False
        self._runner = asyncio.create_task(self._run())

    async def stop(self, *, within_seconds: float = 60) -> None:
        """Waits until the outbox is empty and ends the connection."""
        self._stopping = True
        assert self._runner is not None
        await asyncio.wait_for(self._runner, within_seconds)

    async def abandon(self) -> None:
        """Ends it as it is."""
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)

    def send(self, conversation: str, text: str) -> Send:
        """Into the outbox: it is tried under one client id until it is acked, or refused for good."""
        frame = {
            "type": "send", "conversation": conversation, "client_id": str(uuid4()), "text": text, "after": self._heads[conversation],
        }  # fmt: skip
        send = self.histories[conversation].invoke(self.user, str(frame["client_id"]), text)
        self._outbox.append(_Outgoing(send, frame))
        return send

    async def catch_up(self) -> None:
        """Connects once more, takes what was missed and pulls every gap."""
        socket = await self.phone.connect(self._cursor)
        await self._sync(socket)
        await socket.close()

    async def _run(self) -> None:
        while self._outbox or not self._stopping:
            try:
                await self._live()
            except CUT_OFF:
                self.cut_off += 1
            await asyncio.sleep(random.uniform(0.02, 0.3))

    async def _live(self) -> None:
        """One connection, from its welcome to its end. A server that stands still would not say goodbye either."""
        socket = await self.phone.connect(self._cursor)
        self.node = self.phone.node
        try:
            await self._sync(socket)
            await self._converse(socket)
        finally:
            await self.phone.vanish()

    async def _converse(self, socket: Socket) -> None:
        taken, quiet_at = 0, time.monotonic()
        while self._outbox or not self._stopping:
            taken = self._take_live(socket, taken)
            await self._pull_gaps(socket)
            if time.monotonic() > quiet_at + HEARTBEAT_SECONDS:
                await self._compare(socket)
                quiet_at = time.monotonic()
            if self._outbox:
                await self._send_oldest(socket)
            elif socket.is_closed:
                return
            else:
                await asyncio.sleep(0.01)

    async def _send_oldest(self, socket: Socket) -> None:
        oldest = self._outbox[0]
        was_doubtful, oldest.is_doubtful = oldest.is_doubtful, True
        try:
            ack = await self._ask(socket, oldest.frame)
        except Refused as refusal:
            oldest.is_doubtful = was_doubtful or refusal.code in IN_DOUBT
            await self._bear(refusal)
            return
        self._outbox.popleft()
        oldest.send.succeed(ack["seq"])
        conversation = oldest.frame["conversation"]
        self._holdings[conversation].take(ack["seq"], oldest.send.key)
        self._note(conversation, ack["seq"], head=ack["seq"])

    async def _bear(self, refusal: Refused) -> None:
        """Drops what is refused for good; waits a moment with what is not."""
        self.refusals.append(refusal.code or "")
        if refusal.code not in FOR_GOOD:
            await asyncio.sleep(min(1.0, float(refusal.problem.get("retry_after") or 0.1)))
            return
        dropped = self._outbox.popleft()
        if not dropped.is_doubtful:
            dropped.send.fail()

    async def _ask(self, socket: Road, frame: Frame) -> Frame:
        return await asyncio.wait_for(socket.call(frame), ANSWER_SECONDS)

    def _take_live(self, socket: Socket, taken: int) -> int:
        """Takes the messages among the frames that came since; returns how many frames that makes."""
        for frame in socket.events[taken:]:
            if frame["type"] == "message" and frame["conversation"] in self._holdings:
                self._hold(frame["conversation"], frame["message"])
                self._note(frame["conversation"], frame["message"]["seq"], head=frame["head"])
        return len(socket.events)

    async def _sync(self, socket: Socket) -> None:
        """Brings a connection that has just been welcomed up to date."""
        if self._cursor is None:
            await self._audit()
        else:
            await self._take_synced(socket, await asyncio.wait_for(socket.expect_any("synced", "resync"), ANSWER_SECONDS))
        self._asked.clear()
        await self._pull_gaps(socket)

    async def _compare(self, socket: Socket) -> None:
        """The heartbeat tells the inbox's position: another than ours means that something is missing."""
        answer = await self._ask(socket, {"type": "heartbeat"})
        if answer["cursor"] != self._cursor:
            await self._take_synced(socket, await self._ask(socket, {"type": "sync", "cursor": self._cursor}))
        self._asked.clear()

    async def _take_synced(self, socket: Road, synced: Frame) -> None:
        """Takes what happened since the cursor, and only then the new one."""
        while synced["type"] == "synced":
            for touched in synced["conversations"]:
                self._note(touched["conversation"], 0, head=touched["head"])
            for placed in synced["messages"]:
                if placed["conversation"] in self._holdings:
                    self._hold(placed["conversation"], placed["message"])
                    self._note(placed["conversation"], placed["message"]["seq"], head=0)
            await self._pull_gaps(socket)
            self._cursor = synced["cursor"]
            if not synced["more"]:
                return
            synced = await self._ask(socket, {"type": "sync", "cursor": self._cursor})
        self.resyncs.append(synced["reason"])
        await self._audit()
        await self._pull_gaps(socket)
        self._cursor = synced["cursor"]

    async def _audit(self) -> None:
        """Compares the whole list of conversations."""
        page: int | None = 1
        cursor = None
        while page is not None:
            listed = await self.phone.api("GET", f"/conversations?page={page}")
            cursor = cursor or listed["cursor"]
            for entry in listed["entries"]:
                self._note(entry["conversation"]["id"], 0, head=entry["head"])
            page = listed["next"]
        self._cursor = cursor

    async def _pull_gaps(self, socket: Road) -> None:
        for conversation, head in self._heads.items():
            if head > max(self._whole[conversation], self._asked.get(conversation, 0)):
                self._asked[conversation] = head
                await self._pull(socket, conversation)

    async def _pull(self, socket: Road, conversation: str) -> None:
        """Pages down from the top to what it holds as a whole."""
        whole, top = self._whole[conversation], 0
        before: int | None = None
        while True:
            place: Frame = {} if before is None else {"before": before}
            page = await self._ask(socket, {"type": "history", "conversation": conversation, "limit": 100, **place})
            top = top or page["head"]
            for message in page["messages"]:
                self._hold(conversation, message)
            if not page["more_before"] or page["messages"][0]["seq"] <= whole + 1:
                break
            before = page["messages"][0]["seq"]
        self._whole[conversation] = max(whole, top)

    def _hold(self, conversation: str, message: Frame) -> None:
        self.histories[conversation].take(self._holdings[conversation], message)

    def _note(self, conversation: str, seq: int, *, head: int) -> None:
        """`seq` is held now, and there are messages up to `head`."""
        if conversation in self._heads:
            self._heads[conversation] = max(self._heads[conversation], head, seq)
            if seq == self._whole[conversation] + 1:
                self._whole[conversation] = seq
