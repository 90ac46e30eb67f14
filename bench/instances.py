"""Instances to measure: one of our own, embedded or distributed, or one that runs elsewhere."""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import msgspec

from bench.population import Population, Wish
from bench.processes import Process
from tests.server import ROOT, Server, environment, manage
from tests.servers import Services, free_ports

FAST = dict.fromkeys(("SEND_RATE", "SEND_BURST", "ASK_RATE", "ASK_BURST"), "1000000")
SEED_SECONDS = 6 * 3_600
KINDS = ("redis", "postgresql", "zookeeper", "cassandra")
PARTS = {"redis": "redis", "cassandra": "store"}  # by the beginning of a server's name; all else is "other"


class Instance(ABC):
    """Use it as a context manager: inside, it runs and is full of people."""

    profile: str
    url: str
    population: Population
    processes: Sequence[Process]
    redis_ports: Sequence[int] = ()

    def __enter__(self) -> Self:
        try:
            self.open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def open(self) -> None: ...

    @abstractmethod
    def close(self) -> None:
        """Also after half an `open`."""


class Embedded(Instance):
    """`manage.py serve` on data of its own."""

    profile = "embedded"

    def __init__(self, wish: Wish) -> None:
        self._wish = wish
        self.place = Path(tempfile.mkdtemp(prefix="chatsite-bench-"))
        self._server: Server | None = None

    @property
    def data(self) -> Path:
        return self.place / "data"

    def open(self) -> None:
        data = self.data
        manage(data, "prepare")
        self.population = _seed(self._wish, environment(data))
        self._server = Server(data, self.place / "log", **FAST)
        self._server.start()
        self.url = self._server.url
        self.processes = [Process("server", self._server.pid, "server")]

    def close(self) -> None:
        if self._server is not None:
            self._server.stop()
        shutil.rmtree(self.place, ignore_errors=True)


class Cluster(Instance):
    """One Cassandra, two shards, one api and two nodes, with the rest of a distributed instance."""

    profile = "cluster"

    def __init__(self, wish: Wish, *, cassandras: int = 1) -> None:
        self._wish = wish
        self._place = Path(tempfile.mkdtemp(prefix="chatsite-bench-"))
        self._services = Services(self._place / "data", CASSANDRA_NODES=str(cassandras), REDIS_SHARDS="2")
        self._programs: dict[str, Server] = {}
        self._guard: subprocess.Popen[str] | None = None

    def open(self) -> None:
        data = self._place / "data"
        data.mkdir(mode=0o700)
        self._guard = subprocess.Popen(
            [sys.executable, "-m", "tests.guard"],
            cwd=ROOT, env=os.environ | self._services.surroundings, stdin=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        self._services.up(*KINDS)
        shared = self._services.env() | FAST | {"CHATSITE_PROFILE": "distributed", "SECRET_KEY": secrets.token_urlsafe(48)}
        manage(data, "prepare", CQLENG_ALLOW_SCHEMA_MANAGEMENT="1", **shared)
        self.population = _seed(self._wish, environment(data, **shared))
        for name, port in zip(("node-1", "node-2", "api-1"), free_ports(3), strict=True):
            role = name.partition("-")[0]
            own = {"NODE_URL": f"ws://localhost:{port}/ws/v1"} if role == "node" else {}
            program = Server(data, self._place / f"{name}.log", **shared, **own, ROLE=role, NODE_NAME=name, DRAIN_SECONDS="1")
            program.port = port
            self._programs[name] = program
            program.start()
            self._watch(program)
        self.url = self._programs["api-1"].url
        self.processes = [
            *(Process(name, program.pid, "server") for name, program in self._programs.items()),
            *(Process(name, self._services.pid(name), PARTS.get(name.partition("-")[0], "other")) for name in self._names()),
        ]
        self.redis_ports = [self._services.port(name) for name in self._names() if name.startswith("redis-shard")]

    def _watch(self, program: Server) -> None:
        """Ends it even if we are killed."""
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.write(f"{program.pid}\n")
            self._guard.stdin.flush()

    def _names(self) -> list[str]:
        return sorted(path.stem for path in (self._place / "data" / "services" / "run").glob("*.json"))

    def close(self) -> None:
        for program in self._programs.values():
            program.kill9()
        self._services.down()
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
            self._guard.wait()
        shutil.rmtree(self._place, ignore_errors=True)


class Elsewhere(Instance):
    """One that somebody else started and filled (`python -m bench.seed` in its environment)."""

    profile = "elsewhere"

    def __init__(self, url: str, population: Path, processes: Sequence[str]) -> None:
        """`processes` are of the form name=pid, or part:name=pid; without a part it is a server."""
        self.url = url
        self._file = population
        self.processes = [_process(word) for word in processes]

    def open(self) -> None:
        self.population = msgspec.json.decode(self._file.read_bytes(), type=Population)

    def close(self) -> None:
        """It is not ours."""


class Kept(Instance):
    """One that `bench keep` keeps: `keep` wrote the file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def open(self) -> None:
        told = msgspec.json.decode(self._file.read_bytes(), type=_Told)
        self.profile, self.url, self.population = told.profile, told.url, told.population
        self.processes, self.redis_ports = told.processes, told.redis_ports

    def close(self) -> None:
        """It goes on."""


class _Told(msgspec.Struct):
    """All there is to know about an instance."""

    profile: str
    url: str
    population: Population
    processes: list[Process]
    redis_ports: list[int]


def keep(instance: Instance, file: Path) -> None:
    """For `Kept`, as long as the instance runs."""
    told = _Told(instance.profile, instance.url, instance.population, [*instance.processes], [*instance.redis_ports])
    file.write_bytes(msgspec.json.encode(told))


def _process(word: str) -> Process:
    name, _, pid = word.rpartition("=")
    part, _, name = name.rpartition(":")
    return Process(name, int(pid), part or "server")


def _seed(wish: Wish, surroundings: dict[str, str]) -> Population:
    done = subprocess.run(
        [sys.executable, "-m", "bench.seed"],
        cwd=ROOT, env=surroundings, input=msgspec.json.encode(wish), capture_output=True, timeout=SEED_SECONDS,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"the instance could not be filled: {done.stderr.decode()[-2_000:]}")
    return msgspec.json.decode(done.stdout, type=Population)
