"""63-bit time-ordered ids for users, conversations and devices.

Layout, high to low: 41 bits of milliseconds since EPOCH_MS, 10 bits of worker number, 12 bits counting within the millisecond.
Ids order roughly by time and are unique as long as no two processes share a worker number; they never order messages.
"""

import threading
from collections.abc import Callable

from chatsite.core.clock import Clock, clock

EPOCH_MS = 1_735_689_600_000  # 2025-01-01 UTC
WORKER_BITS = 10
COUNT_BITS = 12
MAX_ID = 2**63 - 1


class IdGenerator:
    """Makes ids under a worker number that may change or be away for a while; safe to call from any thread.

    `worker` is asked for every id: it answers with a number, or raises Unavailable while this process holds none.
    """

    def __init__(self, worker: Callable[[], int], clock: Clock = clock) -> None:
        self._worker = worker
        self._clock = clock
        self._lock = threading.Lock()
        self._last_ms = 0
        self._count = 0

    def __call__(self) -> int:
        """A new id. When the clock goes back, or a millisecond is used up, it counts on from the last time it saw."""
        with self._lock:
            now_ms = self._clock.now_ms() - EPOCH_MS
            worker = self._worker()  # after the clock was read: at that moment the number was ours
            if not 0 <= worker < 1 << WORKER_BITS:
                raise ValueError(f"worker number {worker} does not fit in {WORKER_BITS} bits")
            if now_ms > self._last_ms:
                self._last_ms, self._count = now_ms, 0
            else:
                self._count += 1
                if self._count >> COUNT_BITS:
                    self._last_ms, self._count = self._last_ms + 1, 0
            return self._last_ms << (WORKER_BITS + COUNT_BITS) | worker << COUNT_BITS | self._count


_generator: IdGenerator | None = None


def use_worker(worker: Callable[[], int]) -> None:
    """Says whom to ask for this process's worker number; discovery leases one when the first id is made."""
    global _generator
    _generator = IdGenerator(worker)


def new_id() -> int:
    """A new id of this process. Models use it as the default of their primary key. Raises Unavailable while no number is held."""
    if _generator is None:
        raise RuntimeError("nobody to ask for a worker number yet: discovery says who when Django starts")
    return _generator()
