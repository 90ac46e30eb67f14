"""A socket that writes down what it is told of presence."""

from typing import Any

import msgspec


class Watcher:
    user_id = 3
    device_id = 1
    heard_at = 0.0

    def __init__(self) -> None:
        self.told: list[tuple[str, bool]] = []

    def deliver(self, frame: str) -> None:
        event: Any = msgspec.json.decode(frame)
        self.told += [(one["user"], one["online"]) for one in event["users"]]

    def close(self, code: int, reason: str) -> None: ...
