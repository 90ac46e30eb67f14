"""What a coordination layer's Redis did: it counts that itself."""

from collections.abc import Sequence
from typing import NamedTuple

from redis import Redis


class Counts(NamedTuple):
    """Over all: commands that came, and changes of keys; since they were started, or in a second."""

    commands: float
    writes: float


class RedisCounter:
    """Keeps its connections, and takes its own questions off."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._clients = [Redis(port=port) for port in ports]
        self._asked = 0
        self.read()  # connecting costs commands of its own

    def read(self) -> Counts:
        infos = [(client.info("stats"), client.info("persistence")) for client in self._clients]
        self._asked += 2 * len(self._clients)
        commands = sum(stats["total_commands_processed"] for stats, _ in infos)
        return Counts(commands - self._asked, sum(persistence["rdb_changes_since_last_save"] for _, persistence in infos))

    def close(self) -> None:
        for client in self._clients:
            client.close()
