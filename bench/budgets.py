"""What things may cost: the numbers every run is held against."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.results import Result

# Names of figures that a budget is about.
HEARTBEATS_PERCENT = "heartbeats of 10,000 sockets, % of a core"
COMMANDS_PER_HEARTBEAT = "Redis commands per heartbeat"
CHORES_SWAY = 0.01  # commands of chores come unevenly: so little per heartbeat is none


@dataclass(frozen=True)
class Budget:
    """`workload` is a pattern of result names; with a `profile`, it holds only there. `most` is what is allowed."""

    what: str
    workload: str
    measured: Callable[[Result], float | None]
    most: float
    unit: str
    profile: str = ""


def _p(percent: str) -> Callable[[Result], float | None]:
    return lambda result: result.deliver_ms.get(percent)


def _figure(name: str) -> Callable[[Result], float | None]:
    return lambda result: result.figures.get(name)


def _cpu(result: Result) -> float | None:
    """Of everything: servers, Redis, stores and the others."""
    return result.total_us if result.cpu_us else None


BUDGETS = (
    Budget("W1, per delivery", "w1", _cpu, 150, "µs"),
    Budget("W2, per delivery", "w2", _cpu, 8, "µs"),
    Budget("W3, per idle socket", r"w3-\d+", lambda result: result.kb_per_socket, 5, "KB"),
    Budget("W4, newest page", r"w4-\d+", _cpu, 250, "µs"),
    Budget("W1r, p50", "w1r", _p("p50"), 0.9, "ms", "embedded"),
    Budget("W1r, p99", "w1r", _p("p99"), 1.9, "ms", "embedded"),
    Budget("W1r, p50", "w1r", _p("p50"), 3, "ms", "cluster"),
    Budget("W1r, p99", "w1r", _p("p99"), 8, "ms", "cluster"),
    Budget("presence, a heartbeat every 10 s", "presence", _figure(HEARTBEATS_PERCENT), 2, "% of a core"),
    Budget("presence, Redis", "presence", _figure(COMMANDS_PER_HEARTBEAT), CHORES_SWAY, "commands per heartbeat"),
    Budget("reconnect storm, p99 of others", "storm", _p("p99"), 250, "ms"),
)
