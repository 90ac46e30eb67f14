"""The limiter of the message path: a burst, then a steady rate, for each key, in bounded memory."""

import pytest

from chatsite.core.clock import Clock
from chatsite.core.ratelimit import RateLimiter


class HandClock(Clock):
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> HandClock:
    """Stands until it is moved."""
    return HandClock()


def test_a_burst_passes_and_then_one_waits(clock: HandClock) -> None:
    limiter = RateLimiter(clock=clock)
    assert [limiter.allow("ada", 2, 3) for _ in range(4)] == [None, None, None, 0.5]


def test_waiting_as_long_as_told_is_enough(clock: HandClock) -> None:
    limiter = RateLimiter(clock=clock)
    for _ in range(3):
        limiter.allow("ada", 2, 3)
    wait_seconds = limiter.allow("ada", 2, 3)
    assert wait_seconds is not None
    clock.seconds += wait_seconds
    assert limiter.allow("ada", 2, 3) is None
    assert limiter.allow("ada", 2, 3) is not None


def test_being_refused_costs_nothing(clock: HandClock) -> None:
    limiter = RateLimiter(clock=clock)
    limiter.allow("ada", 1, 1)
    for _ in range(50):
        assert limiter.allow("ada", 1, 1) == 1.0
    clock.seconds += 1
    assert limiter.allow("ada", 1, 1) is None


def test_a_long_rest_gives_no_more_than_the_burst(clock: HandClock) -> None:
    limiter = RateLimiter(clock=clock)
    limiter.allow("ada", 10, 2)
    clock.seconds += 3600
    assert [limiter.allow("ada", 10, 2) for _ in range(3)] == [None, None, 0.1]


def test_over_time_the_rate_holds(clock: HandClock) -> None:
    limiter = RateLimiter(clock=clock)
    passed = 0
    for _ in range(1000):  # 100 tries a second for 10 s against 20 a second
        passed += limiter.allow("ada", 20, 5) is None
        clock.seconds += 0.01
    assert 200 <= passed <= 206


def test_keys_do_not_pay_for_each_other(clock: HandClock) -> None:
    limiter = RateLimiter(clock=clock)
    limiter.allow("ada", 1, 1)
    assert limiter.allow("grace", 1, 1) is None
    assert limiter.allow("ada", 1, 1) is not None


def test_memory_is_bounded_and_the_busy_are_remembered(clock: HandClock) -> None:
    limiter = RateLimiter(clock=clock, buckets_max=10)
    for number in range(100):
        limiter.allow("busy", 0.001, 1)
        limiter.allow(number, 1, 1)
    assert len(limiter._buckets) == 10
    assert limiter.allow("busy", 0.001, 1) is not None
