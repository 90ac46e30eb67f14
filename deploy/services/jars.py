"""Java programs from Maven: each is one of our POM files, which pins its version, and a folder of jars."""

import fcntl
import filecmp
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.services.missing import find_program
from deploy.services.place import POMS, Place


def find_maven() -> Path:
    """Raises Missing."""
    return find_program("mvn", what="Maven, which fetches Java programs", package="maven")


def is_fetched(place: Place, name: str) -> bool:
    """A copy of the POM file lies beside the jars: when ours has changed, they are fetched anew."""
    copy = place.jars / name / "pom.xml"
    return copy.exists() and filecmp.cmp(copy, POMS / f"{name}.xml", shallow=False)


def fetch(place: Place, name: str) -> Path:
    """The folder with the jars, fetched if they are not there yet. Ends the command when that fails."""
    if is_fetched(place, name):
        return place.jars / name
    place.jars.mkdir(parents=True, exist_ok=True)
    with (place.jars / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_fetched(place, name):
            _fetch(place.jars / name, POMS / f"{name}.xml")
    return place.jars / name


def _fetch(target: Path, pom: Path) -> None:
    print(f"Fetching the jars of {target.name} (a minute the first time) …", file=sys.stderr)
    unfinished = target.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    options = ["-DincludeScope=runtime", f"-DoutputDirectory={unfinished}"]
    command: list[str | Path] = [find_maven(), "-q", "-B", "-ntp", "-f", pom, "dependency:copy-dependencies", *options]
    maven = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if maven.returncode:
        sys.exit(f"{maven.stdout}\nMaven could not fetch the jars of {target.name}. Is its repository reachable?")
    shutil.copy(pom, unfinished / "pom.xml")
    shutil.rmtree(target, ignore_errors=True)
    unfinished.rename(target)
