"""The lease of a worker number: an ephemeral node that only this session can own, and the time until which it surely does."""

import logging
import random
import threading

from kazoo.exceptions import NodeExistsError

from chatsite.core.clock import Clock
from chatsite.core.errors import Unavailable
from chatsite.core.ids import WORKER_BITS
from chatsite.discovery.session import ZooKeeper

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0


class WorkerLease:
    """ZooKeeper forgets a session that it has not heard of for `session_seconds`; then another process may take its number.

    So each round asks, and a number counts from the moment of the question for a little less than that: whether we are cut off, frozen
    or slow, and whatever we were told, we stop before anybody else can begin.
    """

    def __init__(self, root: str, *, session_seconds: float, clock: Clock) -> None:
        self._root = root
        self._keep_seconds = session_seconds * 0.8  # the rest is for clocks that run unevenly
        self._clock = clock
        self._number: int | None = None
        self._held: tuple[int, float] | None = None  # the number, and the monotonic time until which it is ours
        self._losses = 0
        self._lock = threading.Lock()

    def number(self) -> int:
        """Raises Unavailable while none is surely ours."""
        held = self._held
        if held is None or self._clock.monotonic() >= held[1]:
            raise Unavailable(retry_after=RETRY_SECONDS)
        return held[0]

    def tend(self, zookeeper: ZooKeeper) -> None:
        asked_at, losses = self._clock.monotonic(), self._losses
        if self._number is None or not zookeeper.is_ours(f"{self._root}/{self._number}"):
            self._held = None
            asked_at, self._number = self._lease(zookeeper)
        with self._lock:
            if losses == self._losses:  # else the answer was of a session that is over
                self._held = (self._number, asked_at + self._keep_seconds)

    def reconnected(self) -> None:
        """The next round asks whether the number is still ours; until then it is, as long as its time runs."""

    def lost(self) -> None:
        """Another process may have the number from now on."""
        with self._lock:
            self._losses += 1
            self._held = None

    def forget(self) -> None:
        """The session has been closed."""
        self.lost()
        self._number = None

    def _lease(self, zookeeper: ZooKeeper) -> tuple[float, int]:
        """Any free one, by lot: one that was just given up should rest, since clocks differ."""
        while True:
            taken = set(zookeeper.children(self._root))
            free = [number for number in range(1 << WORKER_BITS) if str(number) not in taken]
            if not free:
                logger.error("all worker numbers are taken; no ids can be made")
                raise NodeExistsError
            number = random.choice(free)  # noqa: S311 - no secret
            asked_at = self._clock.monotonic()
            try:
                zookeeper.create(f"{self._root}/{number}", b"")
            except NodeExistsError:
                continue
            return asked_at, number
