"""A mobile app as a test plays it: device token, documented REST and socket; no cookie, no Origin (docs/protocol.md)."""

import asyncio
import itertools
import json
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Frame = dict[str, Any]
PASSWORD = "correct horse 47 staple"
WAIT_SECONDS = 10.0


class Refused(Exception):
    """The server's error object, whichever road it came by."""

    def __init__(self, problem: Frame) -> None:
        super().__init__(f"{problem.get('code')}: {problem}")
        self.problem = problem
        self.code = problem.get("code")
        self.status = problem.get("status")


class Phone:
    """One device of one person."""

    def __init__(self, url: str, name: str = "Test phone") -> None:
        self.url = url
        self.name = name
        self.token: str | None = None
        self.username = ""
        self.node = ""  # the URL of the node it connected to last
        # Plain HTTP to ourselves: reading the world's certificates would cost more than the requests do.
        self.http = httpx.AsyncClient(
            base_url=url, trust_env=False, verify=False, timeout=WAIT_SECONDS, headers={"X-Device-Name": name}
        )
        self._sockets: list[Socket] = []

    async def sign_up(self, username: str, password: str = PASSWORD, **more: str) -> None:
        """Makes the account and keeps its token. Raises Refused."""
        await self._enter("signup", {"username": username, "password": password, **more})
        self.username = username

    async def log_in(self, username: str, password: str = PASSWORD) -> None:
        """Keeps the token of a new login. Raises Refused, also when a second factor is due."""
        await self._enter("login", {"username": username, "password": password})
        self.username = username

    async def log_out(self) -> None:
        """Ends this login. The server answers 401 with what one may do next."""
        response = await self.request("DELETE", "/api/auth/app/v1/auth/session")
        assert response.status_code == 401, response.text

    async def _enter(self, way: str, body: Frame) -> None:
        response = await self.request("POST", f"/api/auth/app/v1/auth/{way}", body)
        if response.status_code != 200:
            raise Refused({"status": response.status_code, **_parsed(response)})
        self.token = response.json()["meta"]["session_token"]

    async def request(self, method: str, path: str, body: object = None) -> httpx.Response:
        """A request with our token, and without a cookie."""
        headers = {"X-Session-Token": self.token} if self.token else {}
        response = await self.http.request(method, path, json=body, headers=headers)
        self.http.cookies.clear()
        return response

    async def api(self, method: str, path: str, body: object = None) -> Any:
        """Calls `/api/v1` + path; returns the parsed answer, None for 204. Raises Refused with the problem."""
        response = await self.request(method, f"/api/v1{path}", body)
        if response.is_error:
            assert response.headers["content-type"] == "application/problem+json", response.text
            raise Refused(response.json())
        return response.json() if response.content else None

    async def connect(self, cursor: str | None = None, reads: dict[str, int] | None = None) -> "Socket":
        """A socket that has been welcomed. With a cursor, what was missed follows as `synced` or `resync`."""
        nodes = (await self.api("POST", "/connections", {}))["nodes"]
        return await self.connect_to(nodes[0], cursor, reads)

    async def connect_to(self, node: Frame, cursor: str | None = None, reads: dict[str, int] | None = None) -> "Socket":
        """The same at that node of the answer to `POST /connections`, whose ticket it takes."""
        socket = await Socket.open(self.socket_url(node["url"]))
        self._sockets.append(socket)
        hello: Frame = {"type": "hello", "ticket": node["ticket"]}
        if cursor is not None:
            hello["cursor"] = cursor
        if reads:
            hello["reads"] = reads
        await socket.send(hello)
        socket.be_welcome(await socket.expect("welcome"))
        self.node = node["url"]
        return socket

    def socket_url(self, url: str = "") -> str:
        """The node's address; an empty or relative one means: where the pages are."""
        if url.startswith(("ws:", "wss:")):
            return url
        return f"ws://{urlsplit(self.url).netloc}{url or '/ws/v1'}"

    async def direct(self, username: str) -> str:
        """The id of the direct conversation with somebody."""
        return str((await self.api("POST", "/conversations", {"kind": "direct", "username": username}))["id"])

    async def group(self, title: str, *usernames: str) -> str:
        """The id of a new group; those named are invited."""
        body = {"kind": "group", "title": title, "usernames": list(usernames)}
        return str((await self.api("POST", "/conversations", body))["id"])

    async def vanish(self) -> None:
        """Drops every socket without a word."""
        while self._sockets:
            await self._sockets.pop().vanish()

    async def close(self) -> None:
        for socket in self._sockets:
            await socket.close()
        await self.http.aclose()


class Socket:
    """An open socket. Collects every frame in `events`; `expect` takes each frame at most once."""

    def __init__(self, connection: ClientConnection) -> None:
        self.welcome: Frame = {}
        self.events: list[Frame] = []
        self._connection = connection
        self._unread: list[Frame] = []
        self._arrived = asyncio.Condition()
        self._ids = itertools.count(1)
        self._answers: dict[str, asyncio.Future[Frame]] = {}
        self._tasks = [asyncio.create_task(self._collect())]

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connects and says nothing yet: no `hello`, no Origin."""
        return cls(
            await connect(
                url, subprotocols=["chatsite.v1"], compression=None, ping_interval=None, max_size=None, proxy=None  # type: ignore[list-item]
            )
        )  # fmt: skip

    def be_welcome(self, welcome: Frame) -> None:
        """Takes note of the `welcome`, and keeps the socket alive from here on."""
        self.welcome = welcome
        self._tasks.append(asyncio.create_task(self._heartbeat(welcome["heartbeat_seconds"])))

    async def send(self, frame: Frame) -> None:
        await self.send_text(json.dumps(frame, ensure_ascii=False))

    async def send_text(self, text: str) -> None:
        """Sends anything at all, such as what is not JSON."""
        await self._connection.send(text)

    async def call(self, frame: Frame) -> Frame:
        """Sends a command and returns its answer, the frame with the same id. Raises Refused for an `error`."""
        frame = {"id": f"call-{next(self._ids)}", **frame}
        answered: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._answers[frame["id"]] = answered
        try:
            await self.send(frame)
            async with asyncio.timeout(WAIT_SECONDS):
                answer = await answered
        except TimeoutError:
            raise AssertionError(f"waited for an answer to {frame}; not taken: {self._unread[-20:]}") from None
        finally:
            del self._answers[frame["id"]]
        if answer["type"] == "error":
            raise Refused(answer)
        return answer

    async def say(self, conversation: str, text: str, **more: Any) -> Frame:
        """Sends a message under a new client id; returns the `ack`."""
        return await self.call({"type": "send", "conversation": conversation, "client_id": str(uuid4()), "text": text, **more})

    async def expect(self, type: str, **match: Any) -> Frame:
        """The next frame, not taken before, of this type whose fields hold what `match` says (of objects: at least that)."""
        return await self._take(lambda frame: _holds(frame, {"type": type, **match}), f"{type} {match or ''}")

    async def expect_any(self, *types: str) -> Frame:
        """The next frame, not taken before, of one of these types."""
        return await self._take(lambda frame: frame["type"] in types, " or ".join(types))

    async def settle(self) -> list[Frame]:
        """Waits until all that the server had already sent has come; returns `events`."""
        await self.call({"type": "heartbeat"})
        return self.events

    def of_type(self, type: str) -> list[Frame]:
        return [frame for frame in self.events if frame["type"] == type]

    @property
    def is_closed(self) -> bool:
        return self._connection.close_code is not None or self._tasks[0].done()

    async def closed(self) -> int:
        """Waits until the server closes; returns the close code."""
        await asyncio.wait_for(self._connection.wait_closed(), WAIT_SECONDS)
        return self._connection.close_code or 1006

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._connection.close()

    def forget(self) -> None:
        """What has come so far counts no more."""
        self.events.clear()
        self._unread.clear()

    def fall_silent(self) -> None:
        """Keeps the connection, and says nothing any more."""
        for task in self._tasks[1:]:
            task.cancel()

    async def vanish(self) -> None:
        """Goes without a word, as a phone does in a tunnel."""
        self._connection.transport.abort()
        await self.close()

    async def _collect(self) -> None:
        try:
            async for text in self._connection:
                frame = json.loads(text)
                answered = self._answers.get(frame.get("id"))
                async with self._arrived:
                    self.events.append(frame)
                    if answered is None or answered.done():
                        self._unread.append(frame)
                    else:
                        answered.set_result(frame)
                    self._arrived.notify_all()
        except ConnectionClosed:
            pass
        for answered in self._answers.values():
            if not answered.done():
                answered.set_exception(AssertionError(f"closed: {self._connection.close_code}; not taken: {self._unread[-20:]}"))
        async with self._arrived:
            self._arrived.notify_all()

    async def _heartbeat(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await self.send({"type": "heartbeat"})
            except ConnectionClosed:
                return

    async def _take(self, wanted: Callable[[Frame], bool], what: str) -> Frame:
        def found() -> Frame | None:
            return next((frame for frame in self._unread if wanted(frame)), None)

        async with self._arrived:
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    await self._arrived.wait_for(lambda: found() or self._tasks[0].done() or self._connection.close_code)
            except TimeoutError:
                pass
            frame = found()
            code = self._connection.close_code
            assert frame, f"waited for {what}; closed: {code}; not taken: {self._unread[-20:]}"
            self._unread.remove(frame)
            return frame

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()


def _holds(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict) and isinstance(value, dict):
        return all(key in value and _holds(value[key], part) for key, part in wanted.items())
    return bool(value == wanted)


def _parsed(response: httpx.Response) -> Frame:
    try:
        return dict(response.json())
    except ValueError:
        return {"text": response.text[:500]}
