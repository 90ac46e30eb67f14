"""Many people online: tickets, hellos and heartbeats."""

import asyncio
import resource
from collections.abc import Sequence
from contextlib import suppress
from itertools import count

import msgspec

from bench.load.rest import Rest, Told
from bench.load.socket import Refused, Socket, open_socket
from bench.population import Account

HELLO_SECONDS = 60.0
TRIES = 10
HEARTBEAT_SECONDS = 10.0
TICK_SECONDS = 0.1
SOCKETS_AN_ADDRESS = 20_000
HEARTBEAT = b'{"type":"heartbeat"}'


class Door(msgspec.Struct, frozen=True):
    url: str
    ticket: str


class Crowd:
    """Opens sockets for accounts and keeps them alive. `heartbeats` counts what was said for that."""

    def __init__(self, rest: Rest, *, at_once: int = 16) -> None:
        self.rest = rest
        self.heartbeats = 0
        self.sockets: list[Socket] = []
        self._slots = asyncio.Semaphore(at_once)
        self._numbers = count()
        self._beat = asyncio.create_task(self._keep_alive())

    async def connect(self, accounts: Sequence[Account]) -> list[Socket]:
        """In the order of the accounts. Raises OSError, Told."""
        allow_files(len(self.sockets) + len(accounts))
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._connect(account)) for account in accounts]
        return [task.result() for task in tasks]

    async def _connect(self, account: Account) -> Socket:
        async with self._slots:
            socket, _ = await enter(await self._door(account), source=source_of(next(self._numbers)))
            self.sockets.append(socket)
            return socket

    async def _door(self, account: Account) -> Door:
        """Comes again when told to: a node may be known a moment after it runs."""
        for _ in range(TRIES):
            try:
                return await find_door(self.rest, account)
            except Told as refusal:
                if refusal.retry_after is None:
                    raise
                await asyncio.sleep(refusal.retry_after)
        return await find_door(self.rest, account)

    async def _keep_alive(self) -> None:
        """A hundredth of them every tick, so that heartbeats come evenly."""
        slices = round(HEARTBEAT_SECONDS / TICK_SECONDS)
        for tick in count():
            await asyncio.sleep(TICK_SECONDS)
            for socket in self.sockets[tick % slices :: slices]:
                socket.send(HEARTBEAT)
                self.heartbeats += 1

    def lost(self) -> list[str]:
        """Sockets that the server closed, in words."""
        codes = sorted(str(socket.closed) for socket in self.sockets if socket.closed is not None)
        return [f"{len(codes)} sockets were closed with {', '.join(sorted(set(codes)))}"] if codes else []

    async def disperse(self) -> None:
        """Everybody leaves."""
        for socket in self.sockets:
            socket.close()
        self.sockets.clear()
        await asyncio.sleep(0.2)

    async def close(self) -> None:
        self._beat.cancel()
        with suppress(asyncio.CancelledError):
            await self._beat
        await self.disperse()
        await self.rest.close()


async def find_door(rest: Rest, account: Account) -> Door:
    """The first node to try. Raises Told, OSError."""
    answer = await rest.ask("POST", "/api/v1/connections", account.token, b"{}")
    return msgspec.convert(answer["nodes"][0], Door)


async def enter(door: Door, *, source: str | None = None, cursor: str = "") -> tuple[Socket, str]:
    """A socket that was made welcome, and the cursor it was given. Raises OSError."""
    socket = await open_socket(door.url, source=source)
    welcomed: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def heard(chunk: bytes, start: int, stop: int) -> None:
        if not welcomed.done():
            welcomed.set_result(chunk[start:stop])

    socket.hear = heard
    hello = {"type": "hello", "ticket": door.ticket} | ({"cursor": cursor} if cursor else {})
    socket.send(msgspec.json.encode(hello))
    try:
        async with asyncio.timeout(HELLO_SECONDS):
            text = await _or_closed(socket, welcomed)
    except BaseException:
        socket.abort()
        raise
    answer = msgspec.json.decode(text)
    if answer["type"] != "welcome":
        socket.abort()
        raise Refused(text.decode())
    return socket, answer["cursor"]


async def _or_closed(socket: Socket, welcomed: asyncio.Future[bytes]) -> bytes:
    while not welcomed.done():
        await asyncio.wait([welcomed], timeout=0.2)
        if socket.closed is not None and not welcomed.done():
            raise Refused(f"closed with {socket.closed}")
    return welcomed.result()


def source_of(number: int) -> str | None:
    """Sockets of one address run out of ports: the first 20,000 come from 127.0.0.1, the next from 127.0.0.2 …"""
    return f"127.0.0.{1 + number // SOCKETS_AN_ADDRESS}" if number >= SOCKETS_AN_ADDRESS else None


def allow_files(sockets: int) -> None:
    """Raises this process's limit where it may."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = sockets + 1_000
    if wanted > most:
        with suppress(ValueError, OSError):  # only root may
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
