"""Percentiles of what was measured."""

from collections.abc import Iterable, Sequence
from math import ceil


def percentile(ascending: Sequence[float], percent: float) -> float:
    """The nearest rank: a value that was measured, never one in between. 0 for nothing."""
    if not ascending:
        return 0.0
    return ascending[max(0, ceil(percent / 100 * len(ascending)) - 1)]


def spread_ms(seconds: Iterable[float]) -> dict[str, float]:
    """p50, p99 and the maximum, in milliseconds."""
    ascending = sorted(seconds)
    return {
        "p50": percentile(ascending, 50) * 1e3,
        "p99": percentile(ascending, 99) * 1e3,
        "max": percentile(ascending, 100) * 1e3,
    }
