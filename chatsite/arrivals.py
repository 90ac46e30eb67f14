"""Lets so many arrivals a second in and tells the others when to come: when everybody's network comes back at once, who is connected is to
notice nothing of it. It stands before Django, so that telling costs next to nothing.
"""

from chatsite.bodies import Application, Event, Receive, Send, refuse
from chatsite.core.clock import Clock, clock
from chatsite.core.errors import Unavailable

PATH = "/api/v1/connections"


class Turnstile:
    """A second's worth may come at once. Who has to wait is given a turn of their own, so that they do not come back together either."""

    def __init__(self, per_second: float, *, clock: Clock = clock) -> None:
        self._per_second = per_second
        self._clock = clock
        self._room = max(1.0, per_second)
        self._then = clock.monotonic()
        self._given_until = 0.0

    def wait(self) -> float | None:
        """None to come in now, or the seconds until one's turn."""
        now = self._clock.monotonic()
        self._room = min(max(1.0, self._per_second), self._room + (now - self._then) * self._per_second)
        self._then = now
        if self._room >= 1:
            self._room -= 1
            return None
        self._given_until = max(self._given_until, now) + 1 / self._per_second
        return self._given_until - now


class Arrivals:
    """Stands in front of an HTTP application."""

    def __init__(self, application: Application, *, per_second: float) -> None:
        self._application = application
        self._turnstile = Turnstile(per_second)

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        wait = self._turnstile.wait() if scope["path"] == PATH and scope["method"] == "POST" else None
        if wait is None:
            await self._application(scope, receive, send)
        else:
            await refuse(send, Unavailable(retry_after=round(wait, 3)))
