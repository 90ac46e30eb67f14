"""A test run that is killed leaves nothing running: its guard sees the pipe break."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server import ROOT
from tests.servers import Services

pytestmark = pytest.mark.servers


def test_the_guard_ends_programs_and_servers_when_its_run_is_gone(tmp_path: Path) -> None:
    services = Services(tmp_path / "data")
    try:
        services.up("redis")
        ours, not_ours = (_sleeper("manage.py"), _sleeper("another"))
        guard = subprocess.Popen(
            [sys.executable, "-m", "tests.guard"],
            cwd=ROOT, env=os.environ | services.surroundings, stdin=subprocess.PIPE, text=True,
        )  # fmt: skip
        guard.communicate(f"{ours.pid}\n{not_ours.pid}\n", timeout=60)  # closes the pipe, as the end of the run would
        assert ours.wait(10) == -signal.SIGKILL
        assert not_ours.poll() is None
        not_ours.kill()
        not_ours.wait()
        assert "answers" not in services.run("status").stdout
    finally:
        services.down()


def _sleeper(name: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", name])
