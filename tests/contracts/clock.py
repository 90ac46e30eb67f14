"""A clock that stands still until a test moves it."""

from chatsite.core.clock import Clock


class MovableClock(Clock):
    """Wall and monotonic time move together with `forward`; `set_wall` moves the wall alone, as an operator might."""

    def __init__(self, now_ms: int = 1_800_000_000_000) -> None:
        self._wall_ms = now_ms
        self._monotonic = 1_000.0

    def now_ms(self) -> int:
        return self._wall_ms

    def monotonic(self) -> float:
        return self._monotonic

    def forward(self, seconds: float) -> None:
        self._wall_ms += round(seconds * 1000)
        self._monotonic += seconds

    def set_wall(self, now_ms: int) -> None:
        self._wall_ms = now_ms
