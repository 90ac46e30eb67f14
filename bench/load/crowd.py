"""Many people online: arrivals and heartbeats."""

import asyncio
import resource
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from time import perf_counter

from bench.load.arrival import Obstacles, arrive
from bench.load.frames import frame
from bench.load.rest import Rest
from bench.load.socket import Socket
from bench.population import Account

ARRIVE_SECONDS = 120.0
HEARTBEAT_SECONDS = 10.0
TICK_SECONDS = 0.1
SOCKETS_AN_ADDRESS = 10_000
HEARTBEAT = frame(b'{"type":"heartbeat"}')


class Crowd:
    """Opens sockets for accounts, a few at a time, and keeps them alive. `heartbeats` counts what was said for that."""

    def __init__(self, rest: Rest, *, at_once: int = 16) -> None:
        self.rest = rest
        self.heartbeats = 0
        self.is_silent = False  # then nobody's heart beats: for seconds only, as sockets are closed after thirty
        self.sockets: list[Socket] = []
        self.cursors: dict[str, str] = {}  # by account, of when it came last
        self.obstacles = Obstacles()
        self.arrival_seconds: list[float] = []
        self._slots = asyncio.Semaphore(at_once)
        self._numbers = count()
        self._beat = asyncio.create_task(self._keep_alive())

    async def connect(self, accounts: Sequence[Account]) -> list[Socket]:
        """In the order of the accounts. Raises an ExceptionGroup of OSError and Told."""
        allow_files(len(self.sockets) + len(accounts))
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._connect(account)) for account in accounts]
        return [task.result() for task in tasks]

    async def _connect(self, account: Account) -> Socket:
        async with self._slots, asyncio.timeout(ARRIVE_SECONDS):
            begun = perf_counter()
            source = source_of(next(self._numbers))
            socket, self.cursors[account.id] = await arrive(self.rest, account, source=source, obstacles=self.obstacles)
            self.arrival_seconds.append(perf_counter() - begun)
            self.sockets.append(socket)
            return socket

    async def _keep_alive(self) -> None:
        """A hundredth of them every tick, so that heartbeats come evenly."""
        slices = round(HEARTBEAT_SECONDS / TICK_SECONDS)
        due, turn = perf_counter(), 0
        while True:
            due += TICK_SECONDS
            await asyncio.sleep(due - perf_counter())
            if self.is_silent:
                continue
            turn += 1
            for socket in self.sockets[turn % slices :: slices]:
                socket.send_framed(HEARTBEAT)
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


def source_of(number: int) -> str | None:
    """Sockets of one address run out of ports: the first 10,000 come from 127.0.0.1, the next from 127.0.0.2 …"""
    return f"127.0.0.{1 + number // SOCKETS_AN_ADDRESS}" if number >= SOCKETS_AN_ADDRESS else None


def allow_files(sockets: int) -> None:
    """Raises this process's limit where it may."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = sockets + 1_000
    if wanted > now:
        with suppress(ValueError, OSError):  # beyond `most` only root may
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, most)))
