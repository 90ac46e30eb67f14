"""Discovery on ZooKeeper: nodes and worker numbers are ephemeral nodes, which go with the session of the process that made them."""

import asyncio
import random

from chatsite.core.clock import Clock, clock
from chatsite.core.errors import StartupRefused
from chatsite.discovery.base import Candidate, Load, Node
from chatsite.discovery.choice import best
from chatsite.discovery.directory import Directory
from chatsite.discovery.registration import Registration
from chatsite.discovery.session import Session
from chatsite.discovery.workers import WorkerLease

START_SECONDS = 20.0
SETTLE_SECONDS = 3.0


class ZooKeeperDiscovery:
    """Below `root`: `workers/<number>`, and `nodes/<name>` with url, region, capacity, connections and whether it drains.

    ZooKeeper away: `nodes_for` answers with what was known last, sockets go on, and ids for a little less than `session_seconds`.
    """

    def __init__(
        self,
        hosts: str,
        node: str,
        url: str = "",
        region: str = "",
        root: str = "/chatsite",
        session_seconds: float = 10.0,
        clock: Clock = clock,
    ) -> None:
        self._hosts = hosts
        self._url = url
        self._worker = WorkerLease(f"{root}/workers", session_seconds=session_seconds, clock=clock)
        self._registration = Registration(f"{root}/nodes", Node(node, url, region))
        self._directory = Directory(f"{root}/nodes")
        parts = (self._worker, self._registration, self._directory)
        self._session = Session(hosts, seconds=session_seconds, parts=parts)
        self._directory.wake = self._session.wake
        self._chance = random.Random()  # noqa: S311 - no secret

    def worker_number(self) -> int:
        if not self._session.is_tended:
            self._session.open(wait_seconds=START_SECONDS)
        return self._worker.number()

    async def start(self, *, watch: bool) -> None:
        self._directory.is_wanted |= watch
        if not await asyncio.to_thread(self._session.open, wait_seconds=START_SECONDS):
            await self.close()
            raise StartupRefused(f"ZooKeeper at {self._hosts} does not answer within {START_SECONDS:.0f} s.")

    async def announce(self, load: Load) -> None:
        if not self._url:
            raise StartupRefused("NODE_URL is not set: clients would not know where to find this node (ws://… or wss://…).")
        if self._registration.want(load):
            await self._settle()

    async def withdraw(self) -> None:
        self._registration.withdraw()
        await self._settle()

    async def _settle(self) -> None:
        self._session.wake()
        await self._registration.settled(SETTLE_SECONDS)

    async def nodes_for(self, region: str = "") -> list[Node]:
        return best(self._directory.candidates, region, self._chance)

    async def all_nodes(self) -> list[Candidate]:
        return sorted(self._directory.candidates, key=lambda candidate: candidate.node.name)

    async def close(self) -> None:
        await asyncio.to_thread(self._session.close)
        for part in (self._registration, self._worker):
            part.forget()
