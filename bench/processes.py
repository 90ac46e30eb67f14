"""What processes cost: CPU and memory, as the kernel counts them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE_KB = os.sysconf("SC_PAGE_SIZE") / 1024
PARTS = ("server", "redis", "store", "other")


@dataclass(frozen=True)
class Process:
    """One of the instance's. `part` is its column in the table: `server`, `redis`, `store` (where messages are kept) or `other`."""

    name: str
    pid: int
    part: str

    def cpu_seconds(self) -> float:
        """User and system time of it and all its children, living and dead."""
        return sum(_cpu_seconds(pid) for pid in _family(self.pid))

    def rss_kb(self) -> float:
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * PAGE_KB


def cpu_by_name(processes: Sequence[Process]) -> dict[str, float]:
    return {process.name: process.cpu_seconds() for process in processes}


def by_part(processes: Sequence[Process], values: Mapping[str, float]) -> dict[str, float]:
    """Sums per part; parts without a process are left out."""
    return {
        part: sum(values[process.name] for process in processes if process.part == part)
        for part in PARTS
        if any(process.part == part for process in processes)
    }


def _family(pid: int) -> list[int]:
    """PostgreSQL has a process for each connection."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):  # a child that has ended since: its parent counts it
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS  # own user and system time, and that of children who were waited for
