"""The one place time comes from, so that tests can move it."""

import time


class Clock:
    """Wall and monotonic time of this process."""

    def now_ms(self) -> int:
        """Wall time in whole milliseconds since 1970-01-01 UTC."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back; only differences mean anything."""
        return time.monotonic()


clock = Clock()
