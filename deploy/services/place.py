"""Where the servers keep their data and their programs, and what the environment says about them."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATES = Path(__file__).resolve().parent / "conf"
POMS = Path(__file__).resolve().parent / "maven"


@dataclass(frozen=True)
class Place:
    """`data` holds one folder per server, `run` what runs, `jars` the Java programs, which every data directory of this checkout shares."""

    data: Path
    jars: Path

    @property
    def run(self) -> Path:
        return self.data / "run"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @classmethod
    def of_environment(cls) -> "Place":
        """DATA_DIR counts as for `make run`; JARS_DIR moves the Java programs."""
        data_dir = Path(os.environ.get("DATA_DIR") or ROOT / "var").resolve()
        return cls(data_dir / "services", Path(os.environ.get("JARS_DIR") or ROOT / ".jars").resolve())

    def make(self) -> None:
        """Only we may look inside: a database's files hold what people wrote."""
        for directory in (self.data, self.run, self.logs):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)


def number(name: str, default: int, *, least: int = 1, most: int = 65_535) -> int:
    """A whole number from the environment, within these bounds."""
    said = os.environ.get(name) or str(default)
    if not said.isdecimal() or not least <= int(said) <= most:
        sys.exit(f"{name} is {said!r}, but must be a whole number from {least} to {most}.")
    return int(said)
