"""The load generator against a whole server."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.results import read
from tests.server import ROOT, environment

pytestmark = pytest.mark.journey


def test_a_short_run_loses_nothing_and_tells_what_it_cost(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    words = ["run", "w1r", "w4", "w3", "--seconds", "1", "--histories", "300", "--sockets", "20", "--out", str(out)]
    done = subprocess.run(
        [sys.executable, "-m", "bench", *words], cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = {result.name: result for result in read(out).results}
    measured = {name for name in found if not name.startswith("warm-up")}
    assert measured == {"w1r", "w4-300", "w4-300-random", "w3-20", "presence"}
    assert found["w1r"].count > 100
    assert found["w1r"].cpu_us["server"] > 0
    assert found["w1r"].deliver_ms["p50"] > 0
