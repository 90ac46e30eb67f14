"""What is for containers fits what is here; Docker itself is not needed to know that."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.server import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if service.get("image") == "chatsite"}
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text()


def test_each_role_is_there_with_what_a_distributed_process_needs() -> None:
    roles = [service["environment"].get("ROLE") for service in OURS.values()]
    assert sorted(filter(None, roles)) == ["api", "api", "node", "node", "worker"]
    known = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    for service in OURS.values():
        assert set(service["environment"]) <= known


@pytest.mark.parametrize("service", OURS)
def test_its_command_is_one_of_ours(service: str) -> None:
    words = OURS[service].get("command", "python manage.py serve").split()
    assert words[:2] == ["python", "manage.py"]
    assert list(ROOT.glob(f"*/management/commands/{words[2]}.py"))


def test_every_dependency_is_a_service_that_says_when_it_is_healthy() -> None:
    for service in COMPOSE["services"].values():
        for name, how in service.get("depends_on", {}).items():
            other = COMPOSE["services"][name]
            if how["condition"] == "service_healthy":
                assert "healthcheck" in other or other in OURS.values()


def test_a_node_is_published_where_clients_are_sent() -> None:
    for name in ("node-1", "node-2"):
        (published,) = OURS[name]["ports"]
        address, port, inside = published.split(":")
        assert (address, inside) == ("127.0.0.1", "8000")
        origin = f"ws://localhost:{port}"
        assert OURS[name]["environment"]["NODE_URL"] == f"{origin}/ws/v1"
        assert origin in OURS[name]["environment"]["NODE_ORIGINS"]


def test_shards_keep_nothing_and_the_commit_log_waits_for_the_disk() -> None:
    for name in ("redis-shard-1", "redis-shard-2"):
        assert '--appendonly no --save ""' in COMPOSE["services"][name]["command"]
        assert "noeviction" in COMPOSE["services"][name]["command"]
        assert "volumes" not in COMPOSE["services"][name]
    assert "commitlog_sync: batch" in " ".join(COMPOSE["services"]["cassandra"]["entrypoint"])


def test_the_image_copies_what_exists_and_all_of_the_apps() -> None:
    copied = {word for line in re.findall(r"^COPY (.*)$", DOCKERFILE, re.MULTILINE) for word in line.split()[:-1]}
    assert {name for name in copied if not (ROOT / name).exists()} == set()
    assert {"accounts", "chatsite", "messaging", "notifications", "presence", "templates", "static", "locale"} <= copied
    let_in = re.findall(r"^!(.*)$", (ROOT / "deploy/Dockerfile.dockerignore").read_text(), re.MULTILINE)
    assert copied == set(let_in)


@pytest.mark.servers
def test_nginx_takes_our_configuration(tmp_path: Path) -> None:
    """The containers' names mean nothing here, so they stand for loopback."""
    ours = re.sub(r"api-\d:8000", "127.0.0.1:8000", (ROOT / "deploy/nginx.conf").read_text()).replace("listen 80", "listen 8080")
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid; events {{}} http {{ access_log off; {ours} }}")
    command = ["/usr/sbin/nginx", "-t", "-q", "-e", "stderr", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
