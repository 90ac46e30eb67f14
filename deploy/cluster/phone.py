"""One person's phone, by the documents alone (docs/protocol.md): keeps its outbox, finds another node when its own is gone, misses nothing."""

import asyncio
import json
import random
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

Frame = dict[str, Any]
PASSWORD = "correct horse 47 staple"
PATIENCE_SECONDS = 5.0
BACKOFF_SECONDS = 0.5
BACKOFF_MAX_SECONDS = 5.0


class Phone:
    """`see` is told, in words, what happens to it."""

    def __init__(self, url: str, name: str, see: Callable[[str], None]) -> None:
        self.name = name
        self.node = ""  # the url of the one it is connected to
        self.outbox: dict[str, Frame] = {}  # by client id: what has no ack yet
        self.acked: dict[str, int] = {}
        self.held: dict[int, Frame] = {}  # by seq: the conversation as this phone has it
        self.heard = 0  # messages that came more than once are counted too
        self.longest_wait = 0.0
        self._url = url
        self._see = see
        self._token = ""
        self._cursor: str | None = None
        self._conversation = ""
        self._socket: ClientConnection | None = None
        self._sent_at: dict[str, float] = {}

    async def sign_up(self) -> None:
        body = {"username": self.name, "password": PASSWORD}
        answer = await self._request("POST", "/api/auth/app/v1/auth/signup", body)
        self._token = answer["meta"]["session_token"]

    async def open_conversation(self, other: str) -> str:
        answer = await self._request("POST", "/api/v1/conversations", {"kind": "direct", "username": other})
        return str(answer["id"])

    async def stay_connected(self, conversation: str, *, avoid: str = "") -> None:
        """Until cancelled. `avoid` is a node not to begin with."""
        self._conversation = conversation
        failures = 0
        while True:
            try:
                doors = (await self._request("POST", "/api/v1/connections"))["nodes"]
                doors.sort(key=lambda door: door["url"] == avoid)  # stable: else in the order given
                door = doors[failures % len(doors)]
                await self._live(door["url"], door["ticket"])
                failures = 0
            except (OSError, WebSocketException, TimeoutError, urllib.error.HTTPError) as error:
                failures += 1
                if self.node:
                    self._see("loses its node")
                    failures = 0
                else:
                    self._see(f"cannot connect ({type(error).__name__}), tries the next")
            self.node, avoid = "", ""
            await asyncio.sleep(random.uniform(0, min(BACKOFF_MAX_SECONDS, BACKOFF_SECONDS * 2**failures)))

    async def _live(self, url: str, ticket: str) -> None:
        """One connection, from hello to its end."""
        async with connect(url, subprotocols=["chatsite.v1"], open_timeout=PATIENCE_SECONDS, proxy=None) as socket:  # type: ignore[list-item]
            hello = {"type": "hello", "ticket": ticket} | ({"cursor": self._cursor} if self._cursor else {})
            await socket.send(json.dumps(hello))
            welcome = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_SECONDS))
            if welcome["type"] != "welcome":
                raise OSError(welcome.get("detail", welcome["type"]))
            self._cursor = self._cursor or welcome["cursor"]
            self.node, self._socket = url, socket
            self._see(f"is connected to {url}" + (f", and repeats {len(self.outbox)} unanswered" if self.outbox else ""))
            for frame in list(self.outbox.values()):
                await socket.send(json.dumps(frame))
            beat = asyncio.create_task(self._beat(socket, welcome["heartbeat_seconds"]))
            try:
                async for said in socket:
                    await self._hear(socket, json.loads(said))
            finally:
                beat.cancel()
                self._socket = None
            raise ConnectionResetError(f"closed with {socket.close_code}")

    async def _beat(self, socket: ClientConnection, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            await socket.send('{"type": "heartbeat"}')

    async def send(self, text: str) -> None:
        """Into the outbox, and off when connected; it stays there until the ack."""
        client_id = str(uuid.uuid4())
        after = max(self.held, default=0)
        frame = {"type": "send", "conversation": self._conversation, "client_id": client_id, "text": text, "after": after}
        self.outbox[client_id] = frame
        self._sent_at[client_id] = time.monotonic()
        if self._socket is not None:
            try:
                await self._socket.send(json.dumps(frame))
            except WebSocketException:
                return  # it is repeated after the reconnect

    async def _hear(self, socket: ClientConnection, frame: Frame) -> None:
        match frame["type"]:
            case "ack":
                self._acknowledged(frame)
            case "message":
                self._keep(frame["message"])
                await self._catch_up(socket, frame["head"])
            case "synced":
                for one in frame["messages"]:
                    self._keep(one["message"])
                self._cursor = frame["cursor"]
                if frame["more"]:
                    await socket.send(json.dumps({"type": "sync", "cursor": self._cursor}))
                for one in frame["conversations"]:
                    await self._catch_up(socket, one["head"])
            case "resync":
                self._cursor = frame["cursor"]
                await self._ask_history(socket)
            case "heartbeat" if frame["cursor"] != self._cursor:
                await socket.send(json.dumps({"type": "sync", "cursor": self._cursor}))
            case "page":
                for message in frame["messages"]:
                    self._keep(message)
            case "error":
                self._see(f"is told: {frame['detail']}")

    def _acknowledged(self, ack: Frame) -> None:
        sent = self.outbox.pop(ack["client_id"], None)
        if sent is None:
            return
        waited = time.monotonic() - self._sent_at.pop(ack["client_id"])
        self.longest_wait = max(self.longest_wait, waited)
        self.acked[ack["client_id"]] = ack["seq"]
        self.held[ack["seq"]] = {"seq": ack["seq"], "client_id": ack["client_id"], "text": sent["text"]}
        repeated = ", was there already" if ack["duplicate"] else ""
        self._see(f"→ {ack['seq']:3} {sent['text']}   (ack after {waited * 1000:.0f} ms{repeated})")

    def _keep(self, message: Frame) -> None:
        new = message["seq"] not in self.held
        self.held[message["seq"]] = message
        if new and message["client_id"] not in self.acked and message["client_id"] not in self.outbox:
            self.heard += 1
            self._see(f"← {message['seq']:3} {message['text']}")

    async def _catch_up(self, socket: ClientConnection, head: int) -> None:
        if head - len(self.held) > len(self.outbox):  # more is missing than what we are waiting to see acknowledged
            await self._ask_history(socket)

    async def _ask_history(self, socket: ClientConnection) -> None:
        missing = next(seq for seq in range(1, len(self.held) + 2) if seq not in self.held)
        await socket.send(json.dumps({"type": "history", "conversation": self._conversation, "after": missing - 1, "limit": 100}))

    async def read_all(self) -> list[Frame]:
        """The conversation as the server has it."""
        found: list[Frame] = []
        while True:
            after = found[-1]["seq"] if found else 0
            path = f"/api/v1/conversations/{self._conversation}/messages?after={after}&limit=100"
            page = await self._request("GET", path)
            found += page["messages"]
            if not page["more_after"]:
                return found

    async def _request(self, method: str, path: str, body: object = None) -> Any:
        headers = {"Content-Type": "application/json"} | ({"X-Session-Token": self._token} if self._token else {})
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(self._url + path, data, headers, method=method)
        return await asyncio.to_thread(_answer, request)


def _answer(request: urllib.request.Request) -> Any:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=PATIENCE_SECONDS) as response:
        return json.load(response)
