"""A whole Chatsite in a process of its own, to be talked to over real sockets, killed and started again."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READY = re.compile(r"Chatsite is ready: http://localhost:(\d+)")
START_SECONDS = 90  # on a machine that does much besides
STOP_SECONDS = 15


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    """What a server process sees: nothing of the developer's own settings but what `make test-stock` chooses."""
    kept = {
        name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "WEBSOCKETS"}
    }
    return {**kept, "LANG": "C.UTF-8", "ENV_FILE": os.devnull, "DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1", **more}


def manage(data_dir: Path, *arguments: str, input: str = "", **more: str) -> str:
    """Runs a management command against `data_dir`, with `more` in its environment; returns what it printed. Fails when it fails."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT, env=environment(data_dir, **more), input=input, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, f"manage.py {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}"
    return done.stdout


class Server:
    """`manage.py serve` on a free port and a data directory of its own; keeps its port over restarts."""

    def __init__(self, data_dir: Path, log_path: Path, *options: str, **more: str) -> None:
        self.data_dir = data_dir
        self.port = 0
        self.may_log_tracebacks = False
        self._log_path = log_path
        self._options = options
        self._environment = environment(data_dir, **more)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server does not run"
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def log(self) -> str:
        """Everything it has printed, over all its lives."""
        return self._log_path.read_text(errors="replace") if self._log_path.exists() else ""

    def start(self) -> None:
        """Returns when it listens."""
        before = len(self.log())
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--port", str(self.port), *self._options],
                cwd=ROOT, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not (ready := READY.search(self.log(), before)):
            assert self._process.poll() is None, f"the server ended while starting:\n{self.log()}"
            assert time.monotonic() < deadline, f"the server did not get ready:\n{self.log()}"
            time.sleep(0.02)
        self.port = int(ready[1])

    def send_signal(self, how: signal.Signals) -> None:
        """Without waiting for what it does."""
        assert self._process is not None, "the server does not run"
        self._process.send_signal(how)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Asks it to end, waits, returns its exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(how)
        try:
            return self._process.wait(STOP_SECONDS)
        finally:
            self.kill9()

    def kill9(self) -> None:
        """Ends it without any farewell. Does nothing when it has ended."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """Starts it again, on the same port and data; ends it first if it still runs."""
        self.stop()
        self.start()


def copy_template(template: Path, data_dir: Path) -> None:
    """A data directory with a migrated, empty database; its static files are the template's."""
    shutil.copytree(template, data_dir, ignore=shutil.ignore_patterns("static", "workers"))
    (data_dir / "static").symlink_to((template / "static").resolve())
