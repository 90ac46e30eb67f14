"""What every server has in common: a name, an address, a process, and how to ask whether it serves."""

import signal
import string
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from deploy.services.missing import Missing
from deploy.services.place import TEMPLATES, Place
from deploy.services.probes import is_free
from deploy.services.process import Launch, Process

LOOPBACK = "127.0.0.1"
POLL_SECONDS = 0.1


class CannotStart(Exception):
    """The text tells whoever typed the command why."""


class Server(ABC):
    """One server process of ours on this machine. Its `port` is the one it runs on, or else the one the environment wants."""

    start_seconds: ClassVar[float] = 30
    stop_seconds: ClassVar[float] = 20
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    one_after_another: ClassVar[bool] = False  # the next of its kind starts when this one serves
    templates: ClassVar[Path] = TEMPLATES  # where its configuration files are
    command: ClassVar[str] = "bin/services"  # of which `help` tells how its port is changed

    def __init__(self, place: Place, name: str, *, port: int, host: str = LOOPBACK, wanted: bool = True) -> None:
        self.place = place
        self.name = name
        self.host = host
        self.wanted = wanted
        self.process = Process(name, run=place.run, logs=place.logs)
        record = self.process.record
        self.running = record is not None
        self.port = record.port if record else port
        self.data = place.data / name

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    def other_ports(self) -> list[int]:
        """Those it listens on besides."""
        return []

    def missing(self) -> Iterator[Missing]:
        """What the machine lacks for it."""
        try:
            self.find_programs()
        except Missing as missing:
            yield missing

    @abstractmethod
    def find_programs(self) -> None:
        """Raises Missing."""

    @abstractmethod
    def prepare(self) -> Launch:
        """Writes its settings, makes its data directory if there is none, and says how to start it."""

    @abstractmethod
    def answers(self) -> bool:
        """It serves, by a question in its own protocol."""

    def start(self) -> None:
        """Raises CannotStart when its address is taken."""
        for port in (self.port, *self.other_ports()):
            if not is_free(self.host, port):
                raise CannotStart(
                    f"{self.name}: another program listens on {self.host}:{port}. See `{self.command} help` for how to move."
                )
        self.data.mkdir(mode=0o700, exist_ok=True)
        self.process.start(self.prepare(), port=self.port)
        self.running = True

    def wait_until_it_answers(self) -> None:
        """Raises CannotStart when it ends or takes too long; what it said is in the text."""
        deadline = time.monotonic() + self.start_seconds
        while not self.answers():
            if self.process.record is None:
                raise CannotStart(
                    f"{self.name} ended as it started. Its last words, of {self.process.log}:\n{self.process.last_words()}"
                )
            if time.monotonic() > deadline:
                raise CannotStart(f"{self.name} does not answer within {self.start_seconds:.0f} s. Its log: {self.process.log}")
            time.sleep(POLL_SECONDS)

    def stop(self) -> bool:
        """Waits for the end of one that was told to stop; False when it took too long and was killed."""
        stopped = self.process.wait(seconds=self.stop_seconds)
        if not stopped:
            self.process.signal(signal.SIGKILL)
            self.process.wait(seconds=self.stop_seconds)
        return stopped

    def write(self, template: str, target: Path | None = None, **values: str | int | Path) -> Path:
        """Fills in one of our configuration files; `$data` is the server's data directory."""
        target = target or self.data / template
        known = {"host": self.host, "port": self.port, "data": self.data, **values}
        target.write_text(string.Template((self.templates / template).read_text()).substitute(known))
        return target
