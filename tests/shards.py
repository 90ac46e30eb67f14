"""Two Redis shards of a test's own, and what a test does to them."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from redis import Redis

from tests.servers import Services


class Shards:
    """Started by `bin/services`; the one a channel lives on is unknown to tests, so they break all."""

    def __init__(self, data_dir: Path) -> None:
        self._services = Services(data_dir)

    def up(self) -> None:
        self._services.up("redis")
        self.urls = self._services.env()["REDIS_SHARD_URLS"].split(",")

    def down(self) -> None:
        self._services.down()

    def kill(self) -> None:
        for pid in self._pids():
            os.kill(pid, signal.SIGKILL)

    def freeze(self) -> None:
        for pid in self._pids():
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        for pid in self._pids():
            os.kill(pid, signal.SIGCONT)

    def say(self, *words: str | int) -> list[Any]:
        """A command to each shard."""
        return [self._ask(url, *words) for url in self.urls]

    def calls(self, command: str) -> int:
        """How often the shards were given a command since they started."""
        stats = [client.info("commandstats").get(f"cmdstat_{command}", {"calls": 0}) for client in self._clients()]
        return sum(int(stat["calls"]) for stat in stats)

    def _pids(self) -> list[int]:
        return [self._services.pid(f"redis-shard-{number}") for number in range(1, len(self.urls) + 1)]

    def _clients(self) -> Iterator[Redis]:
        for url in self.urls:
            with _client(url) as client:
                yield client

    def _ask(self, url: str, *words: str | int) -> Any:
        with _client(url) as client:
            return client.execute_command(*words)  # type: ignore[no-untyped-call]


@contextmanager
def _client(url: str) -> Iterator[Redis]:
    client = Redis.from_url(url)
    try:
        yield client
    finally:
        client.close()
