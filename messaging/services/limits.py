"""How fast one person may ask for what: counted by user, whatever socket, device or road they come by."""

from django.conf import settings

from chatsite.core.errors import RateLimited
from chatsite.core.ratelimit import RateLimiter

# What is asked → how often a second, and how often at once.
RATES: dict[str, tuple[float, float]] = {
    "send": (settings.SEND_RATE, settings.SEND_BURST),
    "mark": (50, 500),
    "ask": (settings.ASK_RATE, settings.ASK_BURST),  # history, sync, presence: what is read in bulk
    "tell": (20, 100),  # typing
    "open": (0.5, 60),  # conversations opened and people invited, each of which appears on somebody's screen
    "change": (2, 100),  # a group's title, roles and members
    "connect": (2, 120),  # tickets; a hello may bring a thousand marks
}


class Limits:
    """One per node. Call it from its event loop."""

    def __init__(self) -> None:
        self._limiter = RateLimiter()

    def require(self, what: str, user: int) -> None:
        """Raises RateLimited with the seconds to wait."""
        wait = self._limiter.allow((what, user), *RATES[what])
        if wait is not None:
            raise RateLimited(retry_after=wait)

    def allows(self, what: str, user: int) -> bool:
        """For what is dropped rather than refused."""
        return self._limiter.allow((what, user), *RATES[what]) is None
