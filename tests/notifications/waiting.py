"""Settings of a worker under test: its push service takes notices only while a file named `open` is there, and writes them down."""

import os
import time
from pathlib import Path

from chatsite.settings import *  # noqa: F403
from notifications.gateways.base import Notice

PUSH_GATEWAYS = {"console": {"BACKEND": "tests.notifications.waiting.WaitingGateway"}}
TASK_SECONDS_MAX = 3


class WaitingGateway:
    def __init__(self) -> None:
        self._place = Path(os.environ["DATA_DIR"])

    def push(self, notice: Notice) -> None:
        with (self._place / "asked").open("a") as asked:
            asked.write(f"{notice.device}\n")
        while not (self._place / "open").exists():
            time.sleep(0.02)
        with (self._place / "sent").open("a") as sent:
            sent.write(f"{notice.device}\n")
