"""Discovery for one process on one machine: the only node is this one; worker numbers are leased by file locks."""

import fcntl
import os
from pathlib import Path

from chatsite.core.ids import WORKER_BITS
from chatsite.discovery.base import Node


class StaticDiscovery:
    """Keeps one locked file per leased worker number below `directory`; the kernel frees it however the process ends."""

    def __init__(self, directory: str, node: str = "node-1") -> None:
        self._directory = Path(directory)
        self._node = Node(name=node, url="")
        self._lease: int | None = None

    def lease_worker_number(self) -> int:
        self._directory.mkdir(parents=True, exist_ok=True)
        for number in range(1 << WORKER_BITS):
            descriptor = os.open(self._directory / str(number), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                continue
            self._lease = descriptor
            return number
        raise RuntimeError(f"all worker numbers below {self._directory} are taken")

    async def nodes_for(self, user_id: int, region: str = "") -> list[Node]:
        return [self._node]
