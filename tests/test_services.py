"""`bin/services` starts real servers, knows them again, and ends those alone."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server import ROOT
from tests.servers import LOOPBACK, Services

pytestmark = pytest.mark.servers


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = Services(tmp_path)
    yield services
    services.down()


def ask_redis(url: str, *words: str) -> list[str]:
    """The lines of the answer."""
    host, port = url.removeprefix("redis://").removesuffix("/0").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(" ".join(words).encode() + b"\r\n")
        return connection.recv(65_536).decode().splitlines()


def ask_opensearch(url: str, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    request = urllib.request.Request(url + path, method=method, headers={"Content-Type": "application/json"})
    request.data = json.dumps(body).encode() if body else None
    with urllib.request.urlopen(request, timeout=30) as response:
        return dict(json.load(response))


def test_small_servers_start_once_and_stop(services: Services) -> None:
    kinds = ("redis", "postgresql", "zookeeper")
    names = ("redis-tasks", "redis-shard-1", "redis-shard-2", "postgresql", "zookeeper")
    assert services.up(*kinds).count("started") == len(names)
    pids = [services.pid(name) for name in names]
    assert services.run("status", *kinds).stdout.count(" answers\n") == len(names)
    assert sorted(services.env()) == ["DATABASE_URL", "REDIS_SHARDS", "REDIS_SHARD_URLS", "REDIS_URL", "ZOOKEEPER_HOSTS"]

    assert services.up(*kinds).count("was up") == len(names)
    assert [services.pid(name) for name in names] == pids

    assert services.down().count(" stopped\n") == len(names)
    assert services.run("status", *kinds).returncode == 1
    assert services.env() == {}


def test_a_database_is_there_again_after_a_restart_and_asks_for_a_password(services: Services) -> None:
    services.up("postgresql")
    url = services.env()["DATABASE_URL"]
    subprocess.run(["psql", "-qc", "CREATE TABLE kept (word text); INSERT INTO kept VALUES ('上海')", url], check=True)
    services.down()
    services.up("postgresql")
    assert services.env()["DATABASE_URL"] == url
    assert subprocess.run(["psql", "-Atc", "SELECT word FROM kept", url], capture_output=True, text=True).stdout == "上海\n"

    name, _, place = url.removeprefix("postgresql://").partition("@")
    assert name.startswith("chatsite:")
    refused = subprocess.run(["psql", "-wAtc", "SELECT 1", f"postgresql://chatsite@{place}"], capture_output=True, text=True)
    assert "no password supplied" in refused.stderr


def test_shards_forget_and_never_evict_while_queues_are_kept(services: Services) -> None:
    services.up("redis")
    env = services.env()
    shards = env["REDIS_SHARD_URLS"].split(",")
    for url in shards:
        assert ask_redis(url, "CONFIG", "GET", "appendonly")[-1] == "no"
        assert ask_redis(url, "CONFIG", "GET", "save")[-1] == ""
        assert ask_redis(url, "CONFIG", "GET", "maxmemory-policy")[-1] == "noeviction"
    for url in (env["REDIS_URL"], *shards):
        assert ask_redis(url, "SET", "word", "kept") == ["+OK"]
    services.down()
    services.up("redis")
    assert ask_redis(env["REDIS_URL"], "GET", "word") == ["$4", "kept"]
    assert [ask_redis(url, "GET", "word") for url in shards] == [["$-1"], ["$-1"]]


def test_a_killed_server_is_told_and_started_again(services: Services) -> None:
    services.up("redis")
    other = services.pid("redis-shard-2")
    os.kill(services.pid("redis-shard-1"), signal.SIGKILL)
    told = services.run("status", "redis")
    assert told.returncode == 1
    assert [line.split()[2] for line in told.stdout.splitlines()] == ["answers", "down", "answers"]
    assert services.up("redis").count("started") == 1
    assert services.pid("redis-shard-2") == other


def test_a_server_that_does_not_answer_is_told_and_ends_all_the_same(services: Services) -> None:
    services.up("redis")
    os.kill(services.pid("redis-tasks"), signal.SIGSTOP)
    assert "runs, but does not answer" in services.run("status", "redis").stdout
    os.kill(services.pid("redis-tasks"), signal.SIGCONT)
    assert services.down().count(" stopped\n") == 3


def test_down_spares_a_process_that_was_given_a_dead_servers_pid(services: Services) -> None:
    services.up("redis")
    record = json.loads(services.record("redis-tasks").read_text())
    services.down()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        services.record("redis-tasks").write_text(json.dumps(record | {"pid": bystander.pid}))
        assert services.down() == ""
        assert bystander.poll() is None
        bystander.communicate(b"\n")


def test_a_taken_port_is_named(services: Services) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        told = services.run("up", "zookeeper", ZOOKEEPER_PORT=str(port))
    assert told.returncode == 1
    assert f"another program listens on {LOOPBACK}:{port}" in told.stderr


def test_what_is_missing_is_named_with_the_command_that_installs_it(services: Services, tmp_path: Path) -> None:
    told = services.run("up", "redis", "zookeeper", PATH=str(tmp_path), JARS_DIR=str(tmp_path / "jars"))
    assert told.returncode == 1
    assert "Missing: Redis 7 or newer." in told.stderr
    assert "apt-get install -y --no-install-recommends redis-server maven" in told.stderr
    assert services.run("status", "redis").stdout.count(" down\n") == 3


@pytest.mark.parametrize(
    ("words", "said"), [(("up", "mysql"), "no server 'mysql'"), ((), "bin/services up"), (("start",), "bin/services up")]
)
def test_a_wrong_word_is_answered(words: tuple[str, ...], said: str, services: Services) -> None:
    told = services.run(*words)
    assert told.returncode != 0
    assert said in told.stderr


def test_a_wrong_number_is_refused(services: Services) -> None:
    assert "CASSANDRA_NODES is '0'" in services.run("up", "cassandra", CASSANDRA_NODES="0").stderr


def test_every_setting_of_the_help_is_read(services: Services) -> None:
    told = services.run("help").stdout
    code = "".join(path.read_text() for path in (ROOT / "deploy/services").glob("*.py") if path.name != "command.py")
    settings = {word for word in told.replace(",", " ").split() if word.isupper() and "_" in word}
    assert settings
    assert [setting for setting in settings if f'"{setting}"' not in code] == []


def test_opensearch_finds_chinese_words(services: Services) -> None:
    services.up("opensearch")
    url = services.env()["OPENSEARCH_URL"]
    text = {"properties": {"text": {"type": "text", "analyzer": "cjk"}}}
    ask_opensearch(url, "PUT", "/words", {"settings": {"number_of_replicas": 0}, "mappings": text})
    ask_opensearch(url, "PUT", "/words/_doc/1?refresh=true", {"text": "我家在上海东边"})
    found = ask_opensearch(url, "POST", "/words/_search", {"query": {"match_phrase": {"text": "上海"}}})
    assert found["hits"]["total"]["value"] == 1
