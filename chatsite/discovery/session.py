"""One ZooKeeper session of this process, and the thread that tends what depends on it.

Nothing here reacts to an event by itself: every round each part compares what stands in ZooKeeper with what should, and puts it right. So
it does not matter what went wrong in between, nor in which order we learned of it.
"""

import logging
import threading
from collections.abc import Sequence
from typing import Any, Protocol

from kazoo.client import KazooClient, KazooState
from kazoo.exceptions import KazooException
from kazoo.handlers.threading import KazooTimeoutError

from chatsite.core.clock import clock

logger = logging.getLogger(__name__)

RETRY = {"max_tries": -1, "delay": 0.1, "backoff": 2, "max_delay": 1.0}
GATHER_SECONDS = 0.1  # what changes together is looked at together
# Away for so long, the client library is started anew. Its thread may have ended, and a server that lost its memory refuses whoever
# has seen more than it knows.
REOPEN_SECONDS = 20.0


class Part(Protocol):
    """What depends on the session. Its methods run on the session's threads; all but `tend` return at once."""

    def tend(self, zookeeper: "ZooKeeper") -> None:
        """Brings ZooKeeper and this part together. May raise what ZooKeeper raises: the next round tries again."""
        ...

    def reconnected(self) -> None:
        """Watches are gone, and perhaps the session was another."""
        ...

    def lost(self) -> None:
        """The session is over, and all that was ephemeral with it."""
        ...


class ZooKeeper:
    """The few calls the parts make. None waits for ever."""

    def __init__(self, client: KazooClient, patience_seconds: float) -> None:
        self._client = client
        self._patience_seconds = patience_seconds

    def is_ours(self, path: str) -> bool | None:
        """Whether the ephemeral node was made by this very session; None: there is no such node."""
        stat = self._wait(self._client.exists_async(path))
        if stat is None:
            return None
        # The session is read after the answer. Should it have changed in between, the answer is no.
        identity = self._client.client_id
        return identity is not None and stat.ephemeralOwner == identity[0]

    def create(self, path: str, value: bytes) -> None:
        """An ephemeral node, gone when the session is. Raises NodeExistsError."""
        self._wait(self._client.create_async(path, value, ephemeral=True, makepath=True))

    def set(self, path: str, value: bytes) -> None:
        self._wait(self._client.set_async(path, value))

    def delete(self, path: str) -> None:
        self._wait(self._client.delete_async(path))

    def children(self, path: str, watch: Any = None) -> list[str]:
        """The names; none where nobody made the path yet."""
        self._wait(self._client.ensure_path_async(path))
        return list(self._wait(self._client.get_children_async(path, watch=watch)))

    def get(self, path: str, watch: Any = None) -> bytes:
        """Raises NoNodeError."""
        value, _ = self._wait(self._client.get_async(path, watch=watch))
        return bytes(value)

    def _wait(self, result: Any) -> Any:
        return result.get(timeout=self._patience_seconds)


class Session:
    """`seconds` is how long ZooKeeper keeps it without hearing from us; it must lie within the bounds of the ensemble."""

    def __init__(self, hosts: str, *, seconds: float, parts: Sequence[Part]) -> None:
        self._hosts = hosts
        self._seconds = seconds
        self._round_seconds = seconds / 5
        self._parts = parts
        self._awake = threading.Event()
        self._stopping = threading.Event()
        self._tended = threading.Event()
        self._opening = threading.Lock()
        self._client: KazooClient | None = None
        self._thread: threading.Thread | None = None

    @property
    def is_tended(self) -> bool:
        """Every part has been, at least once."""
        return self._tended.is_set()

    def open(self, *, wait_seconds: float) -> bool:
        """Starts it, once; whether every part has been tended by now. If not, that happens as soon as ZooKeeper is there."""
        with self._opening:
            if self._client is None:
                self._start()
                self._tended.wait(wait_seconds)
        return self._tended.is_set()

    def _start(self) -> None:
        for flag in (self._stopping, self._tended):
            flag.clear()
        self._client = KazooClient(self._hosts, timeout=self._seconds, connection_retry=dict(RETRY), logger=_quiet())
        self._client.add_listener(self._heard)
        self._client.start_async()
        self._thread = threading.Thread(target=self._tend_for_ever, args=(self._client,), name="discovery", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something is to be done: don't wait for the next round."""
        self._awake.set()

    def close(self) -> None:
        """Ends the session: ZooKeeper drops at once what was ours."""
        with self._opening:
            client, thread, self._client, self._thread = self._client, self._thread, None, None
            if client is None or thread is None:
                return
            self._stopping.set()
            self._awake.set()
            client.stop()
            thread.join(self._seconds)
            client.stop()  # it may just have been started anew
            client.close()

    def _heard(self, state: str) -> None:
        """Called by kazoo on its own threads."""
        if state == KazooState.CONNECTED:
            for part in self._parts:
                part.reconnected()
            logger.info("ZooKeeper is there")
            self._awake.set()
            return
        if state == KazooState.LOST:
            for part in self._parts:
                part.lost()
        if not self._stopping.is_set():
            logger.warning("ZooKeeper is away (%s): what was known last still counts", state.lower())

    def _tend_for_ever(self, client: KazooClient) -> None:
        zookeeper = ZooKeeper(client, patience_seconds=self._seconds)
        seen_at = clock.monotonic()
        while not self._stopping.is_set():
            try:
                if client.connected:
                    seen_at = clock.monotonic()
                    if self._tend_all(zookeeper):
                        self._tended.set()
                elif clock.monotonic() > seen_at + REOPEN_SECONDS:
                    seen_at = clock.monotonic()
                    client.stop()
                    client.start_async()
            except Exception:
                logger.exception("a round of discovery failed; the next one is tried")
            self._awake.wait(self._round_seconds)
            self._stopping.wait(GATHER_SECONDS)
            self._awake.clear()

    def _tend_all(self, zookeeper: ZooKeeper) -> bool:
        """Whether all went well. What one part cannot do does not keep another from its own."""
        failed = 0
        for part in self._parts:
            try:
                part.tend(zookeeper)
            except (KazooException, KazooTimeoutError) as error:
                failed += 1
                if not self._stopping.is_set():
                    logger.info("%s is tried again: %s", type(part).__name__, type(error).__name__)
        return not failed


def _quiet() -> logging.Logger:
    """kazoo tells every attempt to connect as a warning; what matters of that is told here."""
    kazoo = logging.getLogger("kazoo")
    kazoo.setLevel(logging.CRITICAL)
    return kazoo
