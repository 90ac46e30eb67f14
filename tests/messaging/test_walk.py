"""`manage.py walk`: a message that tells how long each step took."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.client import PASSWORD, Phone
from tests.server import ROOT, Server, copy_template, environment, manage

STEPS = ["check", "allocate", "store", "commit", "ack", "spread", "fan-out", "done"]


@pytest.fixture(scope="module")
def two_people(server_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("walk") / "data"
    copy_template(server_template, path)
    for name in ("anna", "ben"):
        manage(path, "admin", "--username", name, "--password-stdin", input=f"{PASSWORD}\n")
    return path


@pytest.fixture
def data_dir(two_people: Path, tmp_path: Path) -> Path:
    """A data directory with anna and ben in it, no conversation, and no server."""
    copy_template(two_people, tmp_path / "data")
    return tmp_path / "data"


def refused(data_dir: Path, *arguments: str) -> str:
    """What a command said that must fail, without a traceback."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment(data_dir), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr


def steps_of(printed: str) -> list[str]:
    return [line.split()[0] for line in printed.splitlines() if re.match(r"  [a-z-]+ +[\d,]+ +.*[a-z]", line)]


def test_a_walk_names_every_step_with_its_microseconds(data_dir: Path) -> None:
    printed = manage(data_dir, "walk", "anna", "Hello, 你好", "--to", "ben")
    assert steps_of(printed) == STEPS
    assert "anna → ben" in printed
    assert "seq 1," in printed


def test_without_a_place_it_goes_to_the_latest_conversation(data_dir: Path) -> None:
    manage(data_dir, "walk", "anna", "First", "--to", "ben")
    printed = manage(data_dir, "walk", "ben", "Second", "--times", "3")
    assert "ben → anna" in printed
    assert "seq 2–4," in printed
    assert steps_of(printed) == STEPS


async def test_a_walked_message_is_one_like_any_other(data_dir: Path, tmp_path: Path) -> None:
    manage(data_dir, "walk", "anna", "Walked here", "--to", "ben")
    server = Server(data_dir, tmp_path / "server.log")
    server.start()
    ben = Phone(server.url)
    try:
        await ben.log_in("ben")
        (entry,) = (await ben.api("GET", "/conversations"))["entries"]
        assert (entry["preview"]["text"], entry["unread"]) == ("Walked here", 1)
    finally:
        await ben.close()
        server.stop()


def test_someone_without_a_conversation_is_told_what_to_do(data_dir: Path) -> None:
    assert "--to" in refused(data_dir, "walk", "anna", "Hello")


@pytest.mark.parametrize(
    "arguments, reason",
    [
        (("nobody", "Hello"), "not_found"),
        (("anna", "Hello", "--to", "anna"), "invalid"),
        (("anna", "Hello", "--conversation", "12345"), "not_found"),
        (("anna", "  ", "--to", "ben"), "invalid"),
    ],
)
def test_what_cannot_be_sent_is_refused_in_a_line(data_dir: Path, arguments: tuple[str, ...], reason: str) -> None:
    assert f"({reason})" in refused(data_dir, "walk", *arguments)


def test_it_says_so_when_a_server_owns_the_messages(server: Server) -> None:
    assert "server" in refused(server.data_dir, "walk", "anna", "Hello")
