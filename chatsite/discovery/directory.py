"""The list of nodes, kept in memory by watches."""

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from kazoo.exceptions import NoNodeError

from chatsite.discovery.base import Candidate, Load, Node
from chatsite.discovery.registration import Entry
from chatsite.discovery.session import ZooKeeper

logger = logging.getLogger(__name__)


class Directory:
    """`candidates` may be read from any thread. What changed is read anew each round; a watch, which works once, brings the round on."""

    def __init__(self, root: str) -> None:
        self.is_wanted = False
        self.candidates: tuple[Candidate, ...] = ()
        self.wake: Callable[[], None] = _nobody  # the session's
        self._root = root
        self._known: dict[str, Candidate] = {}
        self._lock = threading.Lock()
        self._changed: set[str] = set()  # entries to be read again
        self._is_list_changed = True
        self._is_unwatched = True  # everything is to be read again

    def tend(self, zookeeper: ZooKeeper) -> None:
        if not self.is_wanted:
            return
        with self._lock:
            changed, self._changed = self._changed, set()
            is_list_changed, self._is_list_changed = self._is_list_changed, False
            is_unwatched, self._is_unwatched = self._is_unwatched, False
        try:
            if is_list_changed or is_unwatched:
                names = set(zookeeper.children(self._root, watch=self._list_changed))
                self._known = {name: candidate for name, candidate in self._known.items() if name in names}
                changed |= names if is_unwatched else names - self._known.keys()
            for name in changed:
                self._read(zookeeper, name)
        except BaseException:
            self.reconnected()  # some of it was not read, nor watched: all of it again
            raise
        self.candidates = tuple(self._known.values())

    def reconnected(self) -> None:
        with self._lock:
            self._is_unwatched = True

    def lost(self) -> None:
        """Other nodes' entries are as good as before."""

    def _read(self, zookeeper: ZooKeeper, name: str) -> None:
        try:
            value = zookeeper.get(f"{self._root}/{name}", watch=partial(self._entry_changed, name))
            entry = msgspec.json.decode(value, type=Entry)
        except NoNodeError:
            self._known.pop(name, None)
        except msgspec.DecodeError:
            self._known.pop(name, None)
            logger.warning("the entry of node %s cannot be read; it is passed over", name)
        else:
            load = Load(entry.connections, entry.capacity, entry.draining)
            self._known[name] = Candidate(Node(name, entry.url, entry.region), load)

    def _list_changed(self, _: Any) -> None:
        with self._lock:
            self._is_list_changed = True
        self.wake()

    def _entry_changed(self, name: str, _: Any) -> None:
        with self._lock:
            self._changed.add(name)
        self.wake()


def _nobody() -> None:
    pass
