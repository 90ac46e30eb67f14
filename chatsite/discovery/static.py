"""Discovery for one process on one machine: the only node is this one; worker numbers are leased by file locks."""

import fcntl
import os
from pathlib import Path

from chatsite.core.errors import StartupRefused
from chatsite.core.ids import WORKER_BITS
from chatsite.discovery.base import Candidate, Load, Node


class StaticDiscovery:
    """Keeps one locked file per leased worker number below `directory`; the kernel frees it however the process ends."""

    def __init__(self, directory: str, node: str = "node-1") -> None:
        self._directory = Path(directory)
        self._node = Node(name=node, url="")
        self._load: Load | None = None
        self._number: int | None = None
        self._lock: int | None = None

    def worker_number(self) -> int:
        if self._number is None:
            self._number = self._lease()
        return self._number

    def _lease(self) -> int:
        self._directory.mkdir(parents=True, exist_ok=True)
        for number in range(1 << WORKER_BITS):
            descriptor = os.open(self._directory / str(number), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                continue
            self._lock = descriptor
            return number
        raise StartupRefused(f"All worker numbers below {self._directory} are taken.")

    async def start(self, *, watch: bool) -> None:
        self.worker_number()

    async def announce(self, load: Load) -> None:
        self._load = load

    async def withdraw(self) -> None:
        self._load = None

    async def nodes_for(self, region: str = "") -> list[Node]:
        return [self._node] if self._load is not None and not self._load.draining else []

    async def all_nodes(self) -> list[Candidate]:
        return [Candidate(self._node, self._load)] if self._load is not None else []

    async def close(self) -> None:
        await self.withdraw()
        if self._lock is not None:
            os.close(self._lock)
        self._lock = self._number = None
