"""A process that outlives the command which started it, known by a record of its pid, its start and its address."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Launch:
    """How a server's program is started.

    `user`: who it runs as when we are root; `descriptors`: files it finds open; `environment`: instead of ours.
    """

    arguments: Sequence[str | Path]
    directory: Path
    user: str | None = None
    descriptors: Sequence[int] = ()
    environment: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Record:
    """`started` tells this process from a later one that was given the same pid."""

    pid: int
    started: str
    port: int

    @property
    def alive(self) -> bool:
        return _started(self.pid) == self.started


def _started(pid: int) -> str | None:
    """When the process with this pid started: the machine's start and the ticks since. None: there is no such process, or it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, ticks = fields[0], fields[19]
    if state in "ZX":  # it has ended and nobody has asked how
        return None
    return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()} {ticks}"


class Process:
    """At most one at a time under each name."""

    def __init__(self, name: str, *, run: Path, logs: Path) -> None:
        self._file = run / f"{name}.json"
        self.log = logs / f"{name}.log"

    @property
    def record(self) -> Record | None:
        """What runs under this name, if it still does."""
        try:
            record = Record(**json.loads(self._file.read_text()))
        except FileNotFoundError:
            return None
        return record if record.alive else None

    def start(self, launch: Launch, *, port: int) -> None:
        """In a session of its own, so that Ctrl-C here does not reach it. The log of the run before is kept beside."""
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("wb") as log:
            started = subprocess.Popen(
                [str(argument) for argument in launch.arguments],
                cwd=launch.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=launch.descriptors,
                env=launch.environment,
                **as_user(launch.user),
            )
        self._write(Record(started.pid, _started(started.pid) or "", port))
        started.returncode = 0  # it is meant to outlive us: no warning about that

    def _write(self, record: Record) -> None:
        unfinished = self._file.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(asdict(record)))
        unfinished.replace(self._file)

    def signal(self, number: signal.Signals) -> None:
        """To this process and no other: the descriptor stays with it even when it ends and its pid is given away."""
        record = self.record
        if record is None:
            return
        try:
            descriptor = os.pidfd_open(record.pid)
        except ProcessLookupError:
            return
        try:
            if record.alive:
                signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            pass
        finally:
            os.close(descriptor)

    def wait(self, *, seconds: float) -> bool:
        """True when it has ended by then."""
        deadline = time.monotonic() + seconds
        while self.record is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        self._file.unlink(missing_ok=True)
        return True

    def last_words(self, lines: int = 15) -> str:
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except FileNotFoundError:
            return ""


def as_user(name: str | None) -> dict[str, Any]:
    """Popen's words for running as that user, which only root can ask for."""
    return {"user": name, "group": name, "extra_groups": []} if name and os.geteuid() == 0 else {}
