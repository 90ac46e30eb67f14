"""What every workload is given."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.population import Population
from bench.processes import Process
from bench.spy import Spy


@dataclass
class Context:
    """An instance that runs, and how long to measure each workload there."""

    url: str
    population: Population
    processes: Sequence[Process]
    redis_ports: Sequence[int] = ()
    seconds: float = 20.0
    warm_up_seconds: float = 2.0
    sockets: Sequence[int] = (5_000, 10_000)
    storm: int = 10_000
    spy: Spy | None = None

    @property
    def servers(self) -> list[Process]:
        return [process for process in self.processes if process.part == "server"]
