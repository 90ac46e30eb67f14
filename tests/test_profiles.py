"""What the environment must say for a distributed instance, and how a process that cannot start says why."""

import subprocess
import sys
from pathlib import Path

import pytest

from chatsite.profiles import distributed, postgresql
from tests.server import ROOT, environment, manage

SERVERS = {
    "CHATSITE_PROFILE": "distributed",
    "CASSANDRA_HOSTS": "127.0.0.1",
    "DATABASE_URL": "postgresql://chatsite:p%40ss@db.internal:5433/chat?sslmode=require",
    "REDIS_SHARD_URLS": "redis://127.0.0.1:7001/0, redis://127.0.0.1:7002/0",
    "REDIS_URL": "redis://127.0.0.1:7000/0",
    "ZOOKEEPER_HOSTS": "127.0.0.1:2181",
}


def complaint(data_dir: Path, **said: str) -> str:
    """What manage.py prints to stderr when it refuses; fails when it does not refuse, or with a traceback."""
    command = [sys.executable, "manage.py", "check"]
    done = subprocess.run(command, cwd=ROOT, env=environment(data_dir, **said), capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr.strip()


def test_every_server_that_is_not_named_is_told_at_once(tmp_path: Path) -> None:
    named = {name: SERVERS[name] for name in ("CHATSITE_PROFILE", "REDIS_URL", "DATABASE_URL")}
    assert complaint(tmp_path, **named) == (
        "CHATSITE_PROFILE=distributed needs CASSANDRA_HOSTS, REDIS_SHARD_URLS, ZOOKEEPER_HOSTS. See .env.example."
    )


@pytest.mark.parametrize(
    "name, value",
    [
        ("CHATSITE_PROFILE", "both"),
        ("ROLE", "beat"),
        ("CHANNEL_LAYER", "none"),
        ("DATABASE_URL", "mysql://127.0.0.1/chat"),
        ("DATABASE_URL", "postgresql://127.0.0.1"),
        ("DATABASE_URL", "postgresql://127.0.0.1:many/chat"),
    ],
)
def test_a_value_that_means_nothing_is_refused_by_its_name(tmp_path: Path, name: str, value: str) -> None:
    assert name in complaint(tmp_path, **(SERVERS | {name: value}))


def test_an_embedded_instance_has_no_roles(tmp_path: Path) -> None:
    assert "CHATSITE_PROFILE=distributed" in complaint(tmp_path, ROLE="api")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"FCM_CREDENTIALS_FILE": "nowhere.json"}, "FCM_CREDENTIALS_FILE is 'nowhere.json'; there is no such file."),
        ({"APNS_KEY_FILE": "key.p8", "APNS_KEY_ID": "1"}, "APNS_KEY_FILE needs APNS_TEAM_ID, APNS_TOPIC. See .env.example."),
        ({"PUSH_CONTACT": "admin"}, "PUSH_CONTACT is 'admin'; it is a mailto: or an https: address."),
        ({"VAPID_KEY_FILE": "README.md"}, "README.md holds no VAPID key: `manage.py vapid` makes one when it is away."),
        ({"PUSH_CONSOLE": "1", "FCM_CREDENTIALS_FILE": "package.json"}, "Pushes by fcm cannot be sent"),
    ],
)
def test_half_a_push_service_is_told_at_the_start(tmp_path: Path, said: dict[str, str], expected: str) -> None:
    manage(tmp_path, "vapid")
    assert expected in complaint(tmp_path, **said)


def test_the_key_of_web_push_is_made_once_and_replaced_when_told_to(tmp_path: Path) -> None:
    first = manage(tmp_path, "vapid").splitlines()[-1]
    assert (tmp_path / "vapid.pem").stat().st_mode & 0o777 == 0o600
    assert manage(tmp_path, "vapid").splitlines() == [first]
    assert manage(tmp_path, "vapid", "--replace").splitlines()[-1] != first


def test_two_lives_of_a_process_never_share_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**SERVERS, "NODE_NAME": "node-1"}.items():
        monkeypatch.setenv(name, value)
    one, other = distributed(), distributed()
    assert one.node_name != other.node_name
    assert all(profile.node_name.startswith("node-1-") for profile in (one, other))
    assert one.presence["OPTIONS"]["incarnation"] == one.discovery["OPTIONS"]["node"] == one.node_name
    assert one.sequencer["OPTIONS"]["urls"] == ["redis://127.0.0.1:7001/0", "redis://127.0.0.1:7002/0"]


def test_the_parts_of_a_database_url_are_told_apart() -> None:
    spec = postgresql(SERVERS["DATABASE_URL"], connections=5)
    assert (spec["NAME"], spec["USER"], spec["PASSWORD"], spec["HOST"], spec["PORT"]) == (
        "chat", "chatsite", "p@ss", "db.internal", "5433",
    )  # fmt: skip
    assert spec["OPTIONS"]["sslmode"] == "require"
    assert spec["OPTIONS"]["pool"]["max_size"] == 5
