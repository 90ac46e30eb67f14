"""Redis: the shards of the coordination layer, and one apart from them for queues and caches."""

import re
import subprocess

from deploy.services.base import Server
from deploy.services.missing import Missing, find_program
from deploy.services.place import Place, number
from deploy.services.probes import redis_answers
from deploy.services.process import Launch

OLDEST = 7
MOST_SHARDS = 16


class Redis(Server):
    """One Redis with one of our configuration files."""

    template: str
    memory: str

    def find_programs(self) -> None:
        missing = Missing(f"Redis {OLDEST} or newer", "redis-server")
        program = find_program("redis-server", what=missing.what, package=missing.package)
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
        version = re.search(r"v=(\d+)", said)
        if not version or int(version[1]) < OLDEST:
            raise missing
        self.program = program

    def prepare(self) -> Launch:
        settings = self.write(self.template, memory=self.memory)
        return Launch([self.program, settings], self.data)

    def answers(self) -> bool:
        return redis_answers(self.host, self.port)

    @property
    def url(self) -> str:
        return f"redis://{self.address}/0"


class Shard(Redis):
    template, memory = "redis-shard.conf", "512mb"


class Tasks(Redis):
    template, memory = "redis-tasks.conf", "256mb"


def servers(place: Place) -> list[Redis]:
    """REDIS_PORT is that of queues and caches; the REDIS_SHARDS shards follow it."""
    port = number("REDIS_PORT", 16_379)
    shards = number("REDIS_SHARDS", 2, most=MOST_SHARDS)
    return [
        Tasks(place, "redis-tasks", port=port),
        *(Shard(place, f"redis-shard-{n}", port=port + n, wanted=n <= shards) for n in range(1, MOST_SHARDS + 1)),
    ]


def environment(running: list[Redis]) -> dict[str, str]:
    shards = [server.url for server in running if isinstance(server, Shard)]
    found = {"REDIS_SHARDS": str(len(shards)), "REDIS_SHARD_URLS": ",".join(shards)} if shards else {}
    for server in running:
        if isinstance(server, Tasks):
            found["REDIS_URL"] = server.url
    return found
