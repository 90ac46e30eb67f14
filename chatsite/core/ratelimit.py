"""A token-bucket limiter for the message path: in memory, bounded, about a microsecond a call."""

from collections import OrderedDict
from collections.abc import Hashable

from chatsite.core.clock import Clock, clock

BUCKETS_MAX = 100_000


class RateLimiter:
    """Counts by key: a user, say, so that a new connection does not start afresh. Call it from one event loop."""

    def __init__(self, *, clock: Clock = clock, buckets_max: int = BUCKETS_MAX) -> None:
        self._clock = clock
        self._buckets_max = buckets_max
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()  # key → tokens left, and when that was

    def allow(self, key: Hashable, rate_per_second: float, burst: float) -> float | None:
        """Takes one token and answers None, or answers with the seconds until there is one."""
        now = self._clock.monotonic()
        tokens, then = self._buckets.pop(key, (burst, now))
        tokens = min(burst, tokens + (now - then) * rate_per_second)
        allowed = tokens >= 1
        self._buckets[key] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > self._buckets_max:
            self._buckets.popitem(last=False)
        return None if allowed else (1 - tokens) / rate_per_second
