"""What must be on the machine, found or named together with the command that installs it."""

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

APT = "apt-get install -y --no-install-recommends"


@dataclass(frozen=True)
class Missing(Exception):
    """`what` is missing; `package` is what Debian calls it, `hint` what to do where Debian has none."""

    what: str
    package: str
    hint: str = ""


def explain(missing: list[Missing]) -> str:
    """For people: what is missing, and one command."""
    packages = " ".join(dict.fromkeys(one.package for one in missing))
    lines = [f"Missing: {one.what}.{' ' + one.hint if one.hint else ''}" for one in dict.fromkeys(missing)]
    sudo = "" if os.geteuid() == 0 else "sudo "
    return "\n".join([*lines, "Install with:", "", f"    {sudo}apt-get update && {sudo}{APT} {packages}", ""])


def find_program(*names: str, what: str, package: str, folders: str = "") -> Path:
    """The first of these programs, on PATH or in the folders a glob names (the newest last). Raises Missing."""
    for name in names:
        if found := shutil.which(name):
            return Path(found)
        if folders and (beside := sorted(Path("/").glob(f"{folders}/{name}"), key=_by_numbers)):
            return beside[-1]
    raise Missing(what, package)


def _by_numbers(path: Path) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", str(path))]


def find_java(lowest: int, highest: int, *, for_whom: str) -> Path:
    """A `java` of a version that serves, the oldest such: the one its programs were made for. Raises Missing."""
    fitting = [(version, path) for path in _javas() if lowest <= (version := _java_version(path)) <= highest]
    if not fitting:
        raise Missing(
            f"Java {lowest}{' or newer' if highest > 99 else f' to {highest}'}, for {for_whom}",
            f"openjdk-{max(lowest, 17)}-jre-headless",
            "JAVA_HOME may name one that is not packaged. Where the system has no such package, Adoptium's Temurin serves.",
        )
    return min(fitting)[1]


def _javas() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home) / "bin/java"
    if on_path := shutil.which("java"):
        yield Path(on_path).resolve()
    for folders in ("usr/lib/jvm/*/bin/java", "opt/*/bin/java"):
        yield from (path.resolve() for path in Path("/").glob(folders))


@functools.cache
def _java_version(java: Path) -> int:
    """17 for OpenJDK 17.0.15; 0 when it does not say."""
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    except OSError:
        return 0
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(found[1]) if found else 0
