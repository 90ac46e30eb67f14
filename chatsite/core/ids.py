"""63-bit time-ordered ids for users, conversations and devices.

Layout, high to low: 41 bits of milliseconds since EPOCH_MS, 10 bits of worker number, 12 bits counting within the millisecond.
Ids order roughly by time and are unique as long as no two processes share a worker number; they never order messages.
"""

import threading

from chatsite.core.clock import Clock, clock

EPOCH_MS = 1_735_689_600_000  # 2025-01-01 UTC
WORKER_BITS = 10
COUNT_BITS = 12
MAX_ID = 2**63 - 1


class IdGenerator:
    """Makes ids for one worker number; safe to call from any thread."""

    def __init__(self, worker: int, clock: Clock = clock) -> None:
        if not 0 <= worker < 1 << WORKER_BITS:
            raise ValueError(f"worker number {worker} does not fit in {WORKER_BITS} bits")
        self._worker = worker << COUNT_BITS
        self._clock = clock
        self._lock = threading.Lock()
        self._last_ms = 0
        self._count = 0

    def __call__(self) -> int:
        """A new id. When the clock goes back, or a millisecond is used up, it counts on from the last time it saw."""
        with self._lock:
            now_ms = self._clock.now_ms() - EPOCH_MS
            if now_ms > self._last_ms:
                self._last_ms, self._count = now_ms, 0
            else:
                self._count += 1
                if self._count >> COUNT_BITS:
                    self._last_ms, self._count = self._last_ms + 1, 0
            return self._last_ms << (WORKER_BITS + COUNT_BITS) | self._worker | self._count


_generator: IdGenerator | None = None


def use_worker(number: int) -> None:
    """Fixes this process's worker number; discovery leases it before the first id is made."""
    global _generator
    _generator = IdGenerator(number)


def new_id() -> int:
    """A new id of this process. Models use it as the default of their primary key."""
    if _generator is None:
        raise RuntimeError("no worker number yet: discovery leases one when Django starts")
    return _generator()
