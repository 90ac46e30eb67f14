"""The stretch of a workload that counts: CPU, deliveries and times between two moments."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.load.ledger import Ledger
from bench.processes import Process, by_part, cpu_by_name
from bench.results import Result
from bench.spy import Spy
from bench.statistics import spread_ms

CALM_SECONDS = 0.5  # for what arrivals leave to be done


@dataclass
class Stretch:
    """Use it around what is measured: `async with Stretch(...)`; then `fill` a result."""

    processes: Sequence[Process]
    ledgers: Sequence[Ledger] = ()
    spy: Spy | None = None
    idle_cores: dict[str, float] = field(default_factory=dict)  # as `watch_idle` found them
    seconds: float = 0.0
    _cpu: dict[str, float] = field(default_factory=dict)

    def begin(self) -> None:
        self._marks = [(len(ledger.deliver_seconds), len(ledger.ack_seconds)) for ledger in self.ledgers]
        self._before = cpu_by_name(self.processes)
        self._own, self._at = time.process_time(), time.perf_counter()

    def end(self) -> None:
        self.seconds = time.perf_counter() - self._at
        self._own = time.process_time() - self._own
        after = cpu_by_name(self.processes)
        self._cpu = {name: after[name] - self._before[name] for name in after}
        self._ends = [(len(ledger.deliver_seconds), len(ledger.ack_seconds)) for ledger in self.ledgers]

    async def last(self, seconds: float) -> None:
        """Begins, waits, ends; meanwhile the servers are spied on if somebody asked for it."""
        self.begin()
        spying = self.spy.start(self.processes, seconds) if self.spy else None
        await asyncio.sleep(seconds)
        self.end()
        if spying and self.spy:
            await self.spy.collect(spying)

    @property
    def deliveries(self) -> int:
        return sum(end[0] - begin[0] for begin, end in zip(self._marks, self._ends, strict=True))

    def cpu_seconds(self, part: str) -> float:
        return by_part(self.processes, self._cpu).get(part, 0.0)

    def result(self, name: str, what: str, *, count: int, unit: str = "delivery") -> Result:
        """With everything that was measured in this stretch, per unit."""
        per = max(count, 1) / 1e6
        deliver, ack = self._times()
        return Result(
            name=name, what=what, unit=unit, seconds=self.seconds, count=count, per_second=count / self.seconds,
            cpu_us={part: seconds / per for part, seconds in by_part(self.processes, self._cpu).items()}, idle_cores=self.idle_cores,
            processes={process: seconds / per for process, seconds in self._cpu.items()},
            client_us=self._own / per, deliver_ms=spread_ms(deliver) if deliver else {}, ack_ms=spread_ms(ack) if ack else {},
        )  # fmt: skip

    def _times(self) -> tuple[list[float], list[float]]:
        deliver: list[float] = []
        ack: list[float] = []
        for ledger, begin, end in zip(self.ledgers, self._marks, self._ends, strict=True):
            deliver += ledger.deliver_seconds[begin[0] : end[0]]
            ack += ledger.ack_seconds[begin[1] : end[1]]
        return deliver, ack


async def watch_idle(processes: Sequence[Process], seconds: float) -> dict[str, float]:
    """What each part uses while nobody asks for anything, in CPU seconds per second. Take it with the workload's sockets open."""
    await asyncio.sleep(CALM_SECONDS)
    before, at = cpu_by_name(processes), time.perf_counter()
    await asyncio.sleep(seconds)
    took = time.perf_counter() - at
    return by_part(processes, {name: (cpu - before[name]) / took for name, cpu in cpu_by_name(processes).items()})
