"""What every workload is given."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.load.ledger import Ledger
from bench.measure import Stretch, watch_idle
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
    idle_seconds: float = 3.0
    sockets: Sequence[int] = (5_000, 10_000)
    storm: int = 10_000
    spy: Spy | None = None

    async def stretch(self, *ledgers: Ledger) -> Stretch:
        """To be used once the sockets are open and before anybody speaks: it first watches how much an idle instance uses."""
        idle = await watch_idle(self.processes, self.idle_seconds)
        return Stretch(self.processes, ledgers, self.spy, idle)

    @property
    def servers(self) -> list[Process]:
        return [process for process in self.processes if process.part == "server"]
