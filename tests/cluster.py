"""A whole distributed instance for tests, every piece of which can be killed, frozen and started again by its name."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from chatsite.coordination.shards import Shards
from chatsite.core.cassandra import CassandraOptions
from chatsite.core.failpoints import Arming, Bug, arm
from tests.notifications.services import PushServices
from tests.server import ROOT, Server, environment
from tests.servers import Services, free_ports, is_alive

KINDS = ("redis", "postgresql", "zookeeper", "cassandra")
READY_SECONDS = 60.0
POINT_SECONDS = 20.0


class Armed:
    """A failure point that a test waits for."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def is_reached(self) -> bool:
        return self._path.with_suffix(".reached").exists()

    def disarm(self) -> None:
        self._path.unlink(missing_ok=True)


class Cluster:
    """Servers of `bin/services`, and `api-1 …`, `node-1 …` of `manage.py serve`, on ports and data of their own.

    Names of servers are those of bin/services: `cassandra-2`, `redis-shard-1`, `zookeeper`, `postgresql`. Calls block: use a thread.
    """

    def __init__(self, place: Path, *, apis: int = 2, nodes: int = 2, cassandras: int = 3, shards: int = 2) -> None:
        self.place = place
        self.services = Services(place / "data", CASSANDRA_NODES=str(cassandras), REDIS_SHARDS=str(shards))
        names = [*(f"node-{n}" for n in range(1, nodes + 1)), *(f"api-{n}" for n in range(1, apis + 1))]
        self._ports = dict(zip(names, free_ports(len(names)), strict=True))
        self._shared: dict[str, str] = {}
        self._guard: subprocess.Popen[str] | None = None
        self._frozen: set[str] = set()
        self._mistaken: subprocess.Popen[bytes] | None = None
        self.programs: dict[str, Server] = {}
        self.push = PushServices(place / "push")
        self._workers: list[subprocess.Popen[bytes]] = []

    @property
    def urls(self) -> list[str]:
        """Of the api processes."""
        return [f"http://localhost:{port}" for name, port in self._ports.items() if name.startswith("api")]

    @property
    def nodes(self) -> list[str]:
        return [name for name in self._ports if name.startswith("node")]

    def socket_url(self, node: str) -> str:
        return f"ws://localhost:{self._ports[node]}/ws/v1"

    def up(self) -> None:
        """Returns when everything answers."""
        (self.place / "data").mkdir(mode=0o700, parents=True, exist_ok=True)
        self._guard = self._start_guard()
        self.services.up(*KINDS)
        self._shared = self.services.env() | {
            "CHATSITE_PROFILE": "distributed",
            "SECRET_KEY": secrets.token_urlsafe(48),
            "CHATSITE_TEST_BUILD": "1",
            "SEND_RATE": "1000",
            "SEND_BURST": "1000",
            "TRUSTED_PROXIES": "1",  # so that a test's many logins come from many addresses
            "DRAIN_SECONDS": "1",
            **self.push.environment(),
        }
        self.manage("prepare")
        self.manage("vapid")
        self.plant(None)

    def _start_guard(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "tests.guard"],
            cwd=ROOT, env=os.environ | self.services.surroundings, stdin=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    def plant(self, bug: Bug | None) -> None:
        """Starts all programs anew, with this bug in them."""
        for program in self.programs.values():
            program.stop()
        self.programs = {name: self._program(name, {"CHATSITE_PLANT": bug} if bug else {}) for name in self._ports}
        self._start(self._ports)

    def manage(self, *words: str) -> None:
        known = environment(self.place / "data", CQLENG_ALLOW_SCHEMA_MANAGEMENT="1", **self._shared)
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(command, cwd=ROOT, env=known, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr

    def start_worker(self) -> "subprocess.Popen[bytes]":
        """One that takes tasks until somebody ends it. What it prints is in `worker.log`."""
        known = environment(self.place / "data", ROLE="worker", **self._shared)
        with (self.place / "worker.log").open("ab") as log:
            command = [sys.executable, "manage.py", "worker", "--concurrency", "2"]
            self._workers.append(subprocess.Popen(command, cwd=ROOT, env=known, stdout=log, stderr=subprocess.STDOUT))
        return self._workers[-1]

    def end_workers(self) -> None:
        for worker in self._workers:
            worker.kill()
            worker.wait()
        self._workers.clear()

    def tasks_waiting(self) -> int:
        """In the queue of the workers."""
        return int(self._ask_redis("redis-tasks", "LLEN", "chatsite"))

    def forget_pushes(self) -> None:
        """What earlier tests said, and nobody looked at, is not looked at any more."""
        for url in self.services.env()["REDIS_SHARD_URLS"].split(","):
            subprocess.run(["redis-cli", "-u", url, "DEL", "push"], capture_output=True, check=True, timeout=20)
        self._ask_redis("redis-tasks", "DEL", "chatsite")

    def _ask_redis(self, name: str, *command: str) -> str:
        asked = ["redis-cli", "-p", str(self.services.port(name)), *command]
        return subprocess.run(asked, capture_output=True, text=True, check=True, timeout=20).stdout

    def kill(self, *names: str) -> None:
        """SIGKILL to all of them at once, and waits for their ends."""
        for name in names:
            self._signal(name, signal.SIGKILL)
        for name in names:
            if name in self.programs:
                self.programs[name].kill9()
            else:
                self._until(lambda name=name: not self._is_alive(name), f"the end of {name}")  # type: ignore[misc]
            self._frozen.discard(name)

    def terminate(self, name: str) -> int:
        """SIGTERM, and waits for the end: a node drains. Returns its exit code."""
        return self.programs[name].stop()

    def freeze(self, name: str) -> None:
        self._signal(name, signal.SIGSTOP)
        self._frozen.add(name)

    def thaw(self, name: str) -> None:
        self._signal(name, signal.SIGCONT)
        self._frozen.discard(name)

    def note_frozen(self, name: str) -> None:
        """It has stopped itself at a failure point."""
        self._frozen.add(name)

    def restart(self, *names: str) -> None:
        """Starts what has ended, on the same ports and data."""
        servers = {name.partition("-")[0] for name in names if name not in self.programs}
        if servers:
            self.services.up(*servers)
        self._start(name for name in names if name in self.programs)

    def mend(self) -> None:
        """Everything runs and answers afterwards."""
        for name in [*self._frozen, *(name for name in self.programs if self.programs[name].is_running)]:
            self.thaw(name)
        self.services.up(*KINDS)
        for points in (self.place / "points").glob("*/*"):
            points.unlink()
        self._start(name for name, program in self.programs.items() if not program.is_running)
        for name, port in self._ports.items():
            self._until(lambda port=port: _answers(port), f"{name} to be ready")  # type: ignore[misc]

    def down(self) -> None:
        """Ends it all, also what is frozen; runs even after half an `up`."""
        self.end_workers()
        for program in self.programs.values():
            program.kill9()
        for name in self._frozen - self.programs.keys():
            self._signal(name, signal.SIGCONT)
        self.services.down()
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
            self._guard.wait()

    def arm(self, program: str, point: str, action: str, **more: object) -> Armed:
        """At that failure point of that program: `arm("node-1", "send.allocated", "stop", match={"conversation": "7"})`."""
        directory = self.place / "points" / program
        name = f"{time.monotonic_ns()}"
        arm(directory, name, Arming(point, action, **more))  # type: ignore[arg-type]
        return Armed(directory / f"{name}.json")

    def await_point(self, armed: Armed) -> None:
        self._until(lambda: armed.is_reached, "a failure point to be reached", seconds=POINT_SECONDS)

    def name_of(self, socket_url: str) -> str:
        """The node with that socket URL."""
        return next(name for name in self.nodes if self.socket_url(name) == socket_url)

    def shard_of(self, key: str) -> str:
        """The name of the shard on which a conversation or a user lives."""
        shards = Shards(self._shared["REDIS_SHARD_URLS"].split(","), self.cassandra_options())
        return f"redis-shard-{shards.of(int(key)) + 1}"

    def cassandra_options(self) -> CassandraOptions:
        """For a log of the test's own."""
        return {
            "hosts": self._shared["CASSANDRA_HOSTS"].split(","),
            "port": int(self._shared["CASSANDRA_PORT"]),
            "keyspace": "chatsite",
            "datacenter": self._shared["CASSANDRA_DATACENTER"],
        }

    def redis(self, name: str, *command: str) -> None:
        """A command for that Redis, as an operator types it."""
        done = subprocess.run(
            ["redis-cli", "-p", str(self.services.port(name)), *command], capture_output=True, text=True, timeout=20
        )
        assert done.stdout.strip() == "OK", done.stdout + done.stderr

    def start_by_mistake(self, shard: str, *options: str) -> None:
        """Starts a shard's Redis outside of `bin/services`, with options it must not have."""
        data = self.place / "data" / "services" / shard
        self._mistaken = subprocess.Popen(["redis-server", data / "redis-shard.conf", *options], stdout=subprocess.DEVNULL)

    def end_mistake(self, shard: str) -> None:
        """Ends that one, and removes the file it went by."""
        if self._mistaken is not None:
            self._mistaken.kill()
            self._mistaken.wait()
            self._mistaken = None
        shutil.rmtree(self.place / "data" / "services" / shard / "appendonlydir", ignore_errors=True)

    def log(self) -> str:
        """What every program has printed."""
        return "\n".join(f"--- {name}\n{program.log()}" for name, program in self.programs.items())

    def _program(self, name: str, more: dict[str, str]) -> Server:
        points = self.place / "points" / name
        points.mkdir(parents=True, exist_ok=True)
        role = name.partition("-")[0]
        own = {"ROLE": role, "NODE_NAME": name, "CHATSITE_FAILPOINTS": str(points)}
        if role == "node":
            own["NODE_URL"] = self.socket_url(name)
        program = Server(self.place / "data", self.place / f"{name}.log", **self._shared, **own, **more)
        program.port = self._ports[name]
        return program

    def _start(self, names: Iterable[str]) -> None:
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda name: self.programs[name].start(), names))
        assert self._guard is not None
        assert self._guard.stdin is not None
        for program in self.programs.values():
            self._guard.stdin.write(f"{program.pid}\n" if program.is_running else "")
        self._guard.stdin.flush()

    def _signal(self, name: str, number: signal.Signals) -> None:
        os.kill(self.programs[name].pid if name in self.programs else self.services.pid(name), number)

    def _is_alive(self, name: str) -> bool:
        try:
            return is_alive(self.services.pid(name))
        except FileNotFoundError:
            return False

    @staticmethod
    def _until(done: Callable[[], bool], what: str, seconds: float = READY_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
            time.sleep(0.05)


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://localhost:{port}/readyz", trust_env=False, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
