"""`bin/cluster` brings up a whole instance, mends what was killed, and ends exactly what it started; `make break` loses nothing."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.server import ROOT
from tests.servers import Services, free_ports

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

PIECES = ("node-1", "node-2", "api-1", "api-2", "worker", "nginx")


class ClusterCommand:
    """The command, on ports and data of its own; `services` are the servers below it."""

    def __init__(self, data_dir: Path) -> None:
        self.front, api, _, node, _ = free_ports(5)
        ports = {"PORT": str(self.front), "API_PORT": str(api), "NODE_PORT": str(node)}
        # Neither the folder nor the home is what people usually have.
        usual = {"DJANGO_SETTINGS_MODULE": "chatsite.settings", "ENV_FILE": os.devnull, "HOME": str(data_dir.parent)}
        self.services = Services(data_dir, **usual, **ports)

    def run(self, program: str, *words: str) -> subprocess.CompletedProcess[str]:
        return self.services.run(*words, program=program)

    def up(self) -> dict[str, str]:
        """What it said of each piece."""
        done = self.run("cluster", "up")
        assert done.returncode == 0, done.stdout + done.stderr
        return self.said(done.stdout)

    @staticmethod
    def said(output: str) -> dict[str, str]:
        lines = [line.split(maxsplit=2) for line in output.splitlines()]
        return {words[0]: words[2] for words in lines if len(words) == 3}

    def pid(self, piece: str) -> int:
        record = self.services.data_dir / "cluster/run" / f"{piece}.json"
        return int(json.loads(record.read_text())["pid"])


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterCommand]:
    cluster = ClusterCommand(tmp_path_factory.mktemp("cluster") / "a folder with spaces")
    try:
        yield cluster
    finally:
        cluster.run("cluster", "down")
        cluster.services.down()


def test_everything_comes_up_is_mended_and_goes_down(cluster: ClusterCommand) -> None:
    cluster.services.up("zookeeper")  # not the cluster's to stop

    first = cluster.up()
    assert {first[piece] for piece in PIECES} == {"started"}
    assert first["zookeeper"] == "was up"
    assert httpx.get(f"http://localhost:{cluster.front}/", follow_redirects=True, trust_env=False, timeout=30).status_code == 200
    assert {said for name, said in cluster.up().items() if name in PIECES} == {"was up"}

    broken = cluster.run("break-a-node")
    assert broken.returncode == 0, broken.stdout + broken.stderr
    assert "Lost after the acknowledgement: 0." in broken.stdout

    victims = ("node-1", "api-2", "worker", "nginx")
    for victim in victims:
        os.kill(cluster.pid(victim), signal.SIGKILL)
    os.kill(cluster.services.pid("redis-tasks"), signal.SIGKILL)
    assert cluster.run("cluster", "status").returncode == 1
    mended = cluster.up()
    assert {piece for piece in (*PIECES, "redis-tasks") if mended[piece] == "started"} == {*victims, "redis-tasks"}
    assert cluster.run("cluster", "status").returncode == 0

    down = cluster.said(cluster.run("cluster", "down").stdout)
    assert {down[piece] for piece in (*PIECES, "cassandra-1", "postgresql", "redis-shard-1", "redis-tasks")} == {"stopped"}
    assert "zookeeper" not in down
    assert cluster.services.run("status", "zookeeper").returncode == 0
    assert cluster.run("cluster", "down").stdout == ""


def test_a_number_that_is_none_is_refused_by_its_name(cluster: ClusterCommand) -> None:
    for name in ("PORT", "NODES"):
        done = subprocess.run(
            [sys.executable, ROOT / "bin/cluster", "up"],
            env=os.environ | {"DATA_DIR": str(cluster.services.data_dir), name: "many"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 1
        assert name in done.stderr
