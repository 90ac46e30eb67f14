"""A socket that writes down what it is told of presence."""

from typing import Any

import msgspec


class Watcher:
    device_id = 1
    heard_at = 0.0

    def __init__(self, user: int = 3) -> None:
        self.user_id = user
        self.told: list[tuple[str, bool]] = []
        self.last_active: list[int | None] = []

    def deliver(self, frame: str) -> None:
        event: Any = msgspec.json.decode(frame)
        self.told += [(one["user"], one["online"]) for one in event["users"]]
        self.last_active += [one["last_active_at"] for one in event["users"]]

    def close(self, code: int, reason: str) -> None: ...
