"""Warms an instance up until costs have stopped falling: Java compiles what is hot only after a while, and every process has caches."""

import asyncio
from collections.abc import Callable
from time import perf_counter

from bench.load.crowd import Crowd
from bench.load.rest import Rest
from bench.measure import Stretch
from bench.results import Result
from bench.workloads.context import Context
from bench.workloads.pages import open_readers
from bench.workloads.talk import open_pairs, settle

STEP_SECONDS = 5.0
STILL_FALLING = 0.95  # of the least before
STILL_STEPS = 2  # steps without a fall that end it
IN_FLIGHT = 4


class Fall:
    """Knows of costs, step by step, when they have stopped falling."""

    def __init__(self) -> None:
        self.costs: list[float] = []
        self._still = 0

    def note(self, cost: float) -> None:
        is_falling = not self.costs or cost < STILL_FALLING * min(self.costs)
        self._still = 0 if is_falling else self._still + 1
        self.costs.append(cost)

    @property
    def is_over(self) -> bool:
        return self._still >= STILL_STEPS


async def warm_up(context: Context, most_seconds: float) -> list[Result]:
    """Pairs who talk, and then, if there is a long history, random pages of it; each for half of `most_seconds` at most."""
    results = [await _pairs(context, most_seconds / 2)]
    if context.population.histories:
        results.append(await _pages(context, most_seconds / 2))
    return results


async def _pairs(context: Context, most_seconds: float) -> Result:
    crowd = Crowd(Rest(context.url))
    try:
        speakers = await open_pairs(context, crowd, in_flight=IN_FLIGHT)
        ledgers = [speaker.ledger for speaker in speakers]
        for speaker in speakers:
            speaker.start()
        result = await _until_still(
            context, "warm-up", "delivery", most_seconds, lambda: sum(len(ledger.deliver_seconds) for ledger in ledgers)
        )
        for speaker in speakers:
            speaker.stop()
        await settle(ledgers)
        result.faults = [fault for ledger in ledgers for fault in ledger.faults()] + crowd.lost()
        return result
    finally:
        await crowd.close()


async def _pages(context: Context, most_seconds: float) -> Result:
    crowd = Crowd(Rest(context.url))
    try:
        readers = await open_readers(context, crowd, context.population.histories[-1], anywhere=True)
        for reader in readers:
            reader.start()
        result = await _until_still(
            context, "warm-up-pages", "page", most_seconds, lambda: sum(len(reader.seconds) for reader in readers)
        )
        await asyncio.gather(*(reader.stop() for reader in readers))
        result.faults = sorted({fault for reader in readers for fault in reader.faults})[:5] + crowd.lost()
        return result
    finally:
        await crowd.close()


async def _until_still(context: Context, name: str, unit: str, most_seconds: float, count: Callable[[], int]) -> Result:
    """The row is of the last step; what it was in the first is told."""
    ends_at, begun = perf_counter() + most_seconds, perf_counter()
    fall = Fall()
    while True:
        stretch, before = Stretch(context.processes), count()
        await stretch.last(max(0.5, min(STEP_SECONDS, ends_at - perf_counter())))
        result = stretch.result(name, "until costs stop falling", count=count() - before, unit=unit)
        # Where messages are kept: in the store or, embedded, in the server.
        fall.note(result.cpu_us.get("store", result.total_us))
        if fall.is_over or perf_counter() >= ends_at:
            break
    result.figures = {
        "seconds": perf_counter() - begun,
        "CPU µs of the store in the first step": fall.costs[0],
        "CPU µs of the store in the last": fall.costs[-1],
        "had stopped falling (1: yes)": float(fall.is_over),
    }
    return result
