"""The servers of `bin/services`, as tests start them: on ports and data of their own."""

import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.server import ROOT, environment

LOOPBACK = "127.0.0.1"
COMMAND_SECONDS = 300


def free_ports(count: int) -> list[int]:
    """Ports that nobody uses, in a row."""
    while True:
        with ExitStack() as held:
            first = held.enter_context(socket.create_server((LOOPBACK, 0))).getsockname()[1]
            try:
                for port in range(first + 1, first + count):
                    held.enter_context(socket.create_server((LOOPBACK, port)))
            except (OSError, OverflowError):
                continue
            return list(range(first, first + count))


def is_alive(pid: int) -> bool:
    """A server that `bin/services` started is no child of ours: it may be gone, or wait to be asked how it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def free_opensearch_port() -> int:
    """One of the few that its runner takes."""
    for port in range(9_290, 9_200, -1):
        try:
            with socket.create_server((LOOPBACK, port)), socket.create_server((LOOPBACK, port + 100)):
                return port
        except OSError:
            continue
    raise AssertionError("every port of OpenSearch's is taken")


class Services:
    """One data directory of servers. Every command ends within a bound; `down` runs even after a failure."""

    def __init__(self, data_dir: Path, **more: str) -> None:
        self.data_dir = data_dir
        redis = free_ports(3)
        names = ("CASSANDRA_PORT", "CASSANDRA_STORAGE_PORT", "POSTGRESQL_PORT", "ZOOKEEPER_PORT")
        ports = dict(zip(names, free_ports(len(names)), strict=True)) | {
            "REDIS_PORT": redis[0],
            "OPENSEARCH_PORT": free_opensearch_port(),
        }
        self.surroundings = {name: str(port) for name, port in ports.items()} | {"DATA_DIR": str(data_dir)} | more

    def run(self, *words: str, program: str = "services", **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, ROOT / "bin" / program, *words],
            env=os.environ | self.surroundings | more,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
        )

    def up(self, *servers: str) -> str:
        """What it printed."""
        done = self.run("up", *servers)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def down(self, *servers: str) -> str:
        return self.run("down", *servers).stdout

    def env(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.run("env").stdout.splitlines())

    def manage(self, *words: str) -> None:
        """A command of manage.py that finds these servers."""
        known = environment(self.data_dir, CQLENG_ALLOW_SCHEMA_MANAGEMENT="1", **self.env())
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(command, cwd=ROOT, env=known, capture_output=True, text=True, timeout=COMMAND_SECONDS)
        assert done.returncode == 0, done.stdout + done.stderr

    def record(self, name: str) -> Path:
        return self.data_dir / "services" / "run" / f"{name}.json"

    def port(self, name: str) -> int:
        return int(json.loads(self.record(name).read_text())["port"])

    def pid(self, name: str) -> int:
        return int(json.loads(self.record(name).read_text())["pid"])
