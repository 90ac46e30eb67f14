"""This process's own entry in the list of nodes."""

import asyncio
import logging
import threading

import msgspec
from kazoo.exceptions import NodeExistsError

from chatsite.discovery.base import Load, Node
from chatsite.discovery.session import ZooKeeper

logger = logging.getLogger(__name__)


class Entry(msgspec.Struct, omit_defaults=False):
    """What stands at `nodes/<name>`."""

    url: str
    region: str
    capacity: int
    connections: int
    draining: bool


class Registration:
    """Keeps the entry as it should be: there after the session was lost, with the newest load, gone when withdrawn."""

    def __init__(self, root: str, node: Node) -> None:
        self._path = f"{root}/{node.name}"
        self._node = node
        self._wanted: bytes | None = None
        self._written: bytes | None = None
        self._is_told = False
        self._settled = threading.Condition()

    def want(self, load: Load) -> bool:
        """Takes a new load; whether that is worth a write at once."""
        draining_before = self._wanted is not None and msgspec.json.decode(self._wanted, type=Entry).draining
        is_urgent = self._wanted is None or load.draining != draining_before
        entry = Entry(self._node.url, self._node.region, load.capacity, _roughly(load.connections), load.draining)
        self._wanted = msgspec.json.encode(entry)
        return is_urgent

    def withdraw(self) -> None:
        self._wanted = None

    async def settled(self, seconds: float) -> bool:
        """Waits until ZooKeeper has what is wanted, or not longer than that."""
        return await asyncio.to_thread(self._wait, seconds)

    def _wait(self, seconds: float) -> bool:
        with self._settled:
            return self._settled.wait_for(lambda: self._written == self._wanted, seconds)

    def tend(self, zookeeper: ZooKeeper) -> None:
        wanted = self._wanted
        if wanted is None and self._written is None:
            return
        ours = zookeeper.is_ours(self._path)
        if ours is False:
            self._wait_for_the_other()
            return
        self._is_told = False
        if wanted is None:
            if ours:
                zookeeper.delete(self._path)
        elif ours is None:
            zookeeper.create(self._path, wanted)
        elif wanted != self._written:
            zookeeper.set(self._path, wanted)
        with self._settled:
            self._written = wanted
            self._settled.notify_all()

    def reconnected(self) -> None:
        """The next round looks whether the entry is still there."""

    def lost(self) -> None:
        """The same."""

    def forget(self) -> None:
        """The session has been closed, and the entry is gone with it."""
        self._wanted = self._written = None

    def _wait_for_the_other(self) -> None:
        """An earlier session of this process, or of one of the same name, has not expired yet: it will, or it is alive."""
        if not self._is_told:
            logger.warning("another session has an entry named %s; ours follows when it is gone", self._node.name)
            self._is_told = True
        raise NodeExistsError


def _roughly(count: int) -> int:
    """Two digits that count, so that a busy node does not write, and everybody read, with every socket."""
    step = int("1".ljust(len(str(count)) - 1, "0"))
    return count // step * step
