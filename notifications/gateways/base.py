"""The port of a push service."""

from typing import Protocol

from notifications.protocol import Outcome, Push


class Gateway(Protocol):
    """Hands notices to one kind of push service. One per process, used on one event loop."""

    async def push(self, push: Push) -> Outcome:
        """Raises nothing for what the service does or fails to do: that is the outcome. Whoever calls it bounds its time."""
        ...

    async def close(self) -> None: ...
