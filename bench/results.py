"""What a run found, as a file and as a table."""

from pathlib import Path
from typing import Any

import msgspec


class Result(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One workload. CPU is user and system time in µs per `unit`, by part of the instance and, in `processes`, by process."""

    name: str
    what: str
    unit: str = "delivery"
    seconds: float = 0.0
    count: int = 0  # of units
    cpu_us: dict[str, float] = {}
    processes: dict[str, float] = {}
    # What the same processes use when nobody does anything, in CPU seconds per second; it is part of `cpu_us` too.
    idle_cores: dict[str, float] = {}
    client_us: float = 0.0  # what the load generator itself used
    per_second: float = 0.0
    deliver_ms: dict[str, float] = {}
    ack_ms: dict[str, float] = {}
    kb_per_socket: float | None = None
    figures: dict[str, float] = {}  # whatever else this workload tells
    faults: list[str] = []

    @property
    def total_us(self) -> float:
        return sum(self.cpu_us.values())

    @property
    def idle_us(self) -> float:
        """The share of `total_us` that an idle instance would have used in the same time."""
        return sum(self.idle_cores.values()) / self.per_second * 1e6 if self.per_second else 0.0


class Report(msgspec.Struct, kw_only=True):
    """One run of the load generator."""

    profile: str
    at: str
    commit: str
    machine: dict[str, Any]
    results: list[Result]

    @property
    def faults(self) -> list[str]:
        return [f"{result.name}: {fault}" for result in self.results for fault in result.faults]


def save(report: Report, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")


def read(path: Path) -> Report:
    """Raises msgspec.ValidationError for a file that is none of ours."""
    return msgspec.json.decode(path.read_bytes(), type=Report)


COLUMNS = (
    "", "server", "redis", "store", "other", "all", "of it idle", "client", "per s", "deliver p50/p99 ms", "ack p50/p99 ms", "KB/socket",
)  # fmt: skip
SHOWN = 4  # faults of one workload in the table; the file has all
WIDTHS = (36, 8, 8, 8, 8, 8, 11, 8, 9, 20, 18, 10)


def table(report: Report) -> str:
    """One line for a workload, and under it what else it tells."""
    lines = [
        f"{report.profile} at {report.commit}, {report.at}; {report.machine['cores']} cores, load {report.machine['load']:.1f}",
        "CPU in µs",
        _line(COLUMNS),
    ]
    for result in report.results:
        lines.append(_line(_cells(result)))
        lines += [f"    {name}: {value:,.2f}" for name, value in result.figures.items()]
        lines += [f"    WRONG: {fault}" for fault in result.faults[:SHOWN]]
        if len(result.faults) > SHOWN:
            lines.append(f"    WRONG: … and {len(result.faults) - SHOWN} more")
    return "\n".join(lines)


def _cells(result: Result) -> tuple[str, ...]:
    parts = [f"{result.cpu_us[part]:.1f}" if part in result.cpu_us else "" for part in ("server", "redis", "store", "other")]
    times = [f"{ms['p50']:.2f}/{ms['p99']:.2f}" if ms else "" for ms in (result.deliver_ms, result.ack_ms)]
    return (
        f"{result.name} per {result.unit}",
        *parts,
        f"{result.total_us:.1f}" if result.cpu_us else "",
        f"{result.idle_us:.1f}" if result.idle_cores else "",
        f"{result.client_us:.1f}" if result.client_us else "",
        f"{result.per_second:,.0f}" if result.per_second else "",
        *times,
        "" if result.kb_per_socket is None else f"{result.kb_per_socket:.1f}",
    )


def _line(cells: tuple[str, ...]) -> str:
    first, *others = (
        cell.ljust(width) if at == 0 else cell.rjust(width) for at, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True))
    )
    return (first + "".join(others)).rstrip()
