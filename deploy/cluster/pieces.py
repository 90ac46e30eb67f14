"""The processes of an instance on this machine: api, node, worker, and nginx in front of the api processes."""

import http.client
import os
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from deploy.services.base import Server
from deploy.services.missing import find_program
from deploy.services.place import ROOT, Place, number
from deploy.services.probes import PROBE_SECONDS
from deploy.services.process import Launch

PYTHON = ROOT / ".venv" / "bin" / "python"
MOST = 9  # of each kind
NEEDED = ("redis", "postgresql", "zookeeper", "cassandra")  # what they stand on: kinds of bin/services


class Piece(Server):
    command = "bin/cluster"


class Chatsite(Piece):
    """One `manage.py` process. `surroundings`: where the servers are, and what all processes of this instance share."""

    role: ClassVar[str]
    start_seconds = 60
    stop_seconds = 30

    def __init__(self, place: Place, name: str, *, port: int, wanted: bool, surroundings: Mapping[str, str]) -> None:
        super().__init__(place, name, port=port, wanted=wanted)
        self._surroundings = surroundings

    def find_programs(self) -> None:
        """The virtual environment is made by `make`, before us."""

    def words(self) -> list[str]:
        return ["serve", "--host", self.host, "--port", str(self.port)]

    def environment(self) -> dict[str, str]:
        return {**os.environ, **self._surroundings, "ROLE": self.role, "NODE_NAME": self.name, "PYTHONUNBUFFERED": "1"}

    def prepare(self) -> Launch:
        return Launch([PYTHON, "manage.py", *self.words()], ROOT, environment=self.environment())

    def answers(self) -> bool:
        return answers(self.host, self.port, "/readyz")


class Api(Chatsite):
    role = "api"

    def environment(self) -> dict[str, str]:
        return super().environment() | {"TRUSTED_PROXIES": "1"}


class Node(Chatsite):
    role = "node"

    @property
    def url(self) -> str:
        return f"ws://localhost:{self.port}/ws/v1"

    def environment(self) -> dict[str, str]:
        return super().environment() | {"NODE_URL": self.url}


class Worker(Chatsite):
    """It listens nowhere: that it is ready stands in its log."""

    role = "worker"

    @property
    def address(self) -> str:
        return "-"

    def start(self) -> None:
        self.data.mkdir(mode=0o700, exist_ok=True)
        self.process.start(self.prepare(), port=0)
        self.running = True

    def words(self) -> list[str]:
        return ["worker"]

    def environment(self) -> dict[str, str]:
        return super().environment() | {"LOG_LEVEL": "INFO"}

    def answers(self) -> bool:
        return self.process.record is not None and " ready." in self.process.log.read_text(errors="replace")


class Nginx(Piece):
    templates = Path(__file__).resolve().parent / "conf"

    def __init__(self, place: Place, *, port: int, apis: list[Api]) -> None:
        super().__init__(place, "nginx", port=port)
        self._apis = apis

    def find_programs(self) -> None:
        self.program = find_program("nginx", what="nginx", package="nginx-light", folders="usr/sbin")

    def prepare(self) -> Launch:
        apis = "\n        ".join(f"server {api.address} max_fails=1 fail_timeout=2s;" for api in self._apis)
        settings = self.write("nginx.conf", apis=apis)
        return Launch([self.program, "-p", self.data, "-e", "stderr", "-c", settings], self.data)

    def answers(self) -> bool:
        return answers(self.host, self.port, "/readyz")

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"


class Cluster:
    """All of them, those that are wanted and those that still run from a time when they were."""

    def __init__(self, place: Place, servers: Mapping[str, str]) -> None:
        """`servers`: the environment that `bin/services env` would print."""
        front = number("PORT", 8000)
        apis, nodes = number("APIS", 2, most=MOST), number("NODES", 2, most=MOST)
        api_ports = [number("API_PORT", 8011) + n for n in range(MOST)]
        node_ports = [number("NODE_PORT", 8021) + n for n in range(MOST)]
        origins = [f"http://localhost:{front}", f"http://127.0.0.1:{front}", *os.environ.get("TRUSTED_ORIGINS", "").split()]
        self.surroundings = surroundings = {
            "DRAIN_SECONDS": os.environ.get("DRAIN_SECONDS", "1"),
            **servers,
            "CHATSITE_PROFILE": "distributed",
            "DATA_DIR": str(place.data.parent),
            **_secret_key(place.data.parent),
            "NODE_ORIGINS": " ".join(f"ws://localhost:{port}" for port in node_ports[:nodes]),
            "TRUSTED_ORIGINS": " ".join(origins),
        }
        self.apis = [
            Api(place, f"api-{n}", port=port, wanted=n <= apis, surroundings=surroundings)
            for n, port in enumerate(api_ports, start=1)
        ]
        self.nodes = [
            Node(place, f"node-{n}", port=port, wanted=n <= nodes, surroundings=surroundings)
            for n, port in enumerate(node_ports, start=1)
        ]
        self.worker = Worker(place, "worker", port=0, wanted=True, surroundings=surroundings)
        self.nginx = Nginx(place, port=front, apis=[api for api in self.apis if api.wanted])

    @property
    def pieces(self) -> list[Server]:
        """In the order of their starting."""
        return [one for one in (*self.nodes, *self.apis, self.worker, self.nginx) if one.wanted or one.running]


def _secret_key(data_dir: Path) -> dict[str, str]:
    """The one that `manage.py prepare` has made, unless the environment has another."""
    key = data_dir / "secret_key"
    return {"SECRET_KEY": os.environ.get("SECRET_KEY") or key.read_text().strip()} if key.exists() else {}


def answers(host: str, port: int, path: str) -> bool:
    """With 200."""
    connection = http.client.HTTPConnection(host, port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
