"""Runs workloads one after the other and gathers what they found."""

import os
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from bench.instances import Instance
from bench.load.rest import Told
from bench.results import Report, Result
from bench.spy import Spy
from bench.workloads.asking import rest_list, rest_page, sync_500
from bench.workloads.context import Context
from bench.workloads.growth import busy, growth
from bench.workloads.idle import sockets
from bench.workloads.pages import pages
from bench.workloads.storm import storm
from bench.workloads.talk import group, pairs
from bench.workloads.warm import warm_up

LATENCY_RATE = 200.0
IDLE_SECONDS = 3.0
Workload = Callable[[Context], Awaitable[list[Result]]]


async def w1(context: Context) -> list[Result]:
    return [await pairs(context)]


async def w1_receipts(context: Context) -> list[Result]:
    return [await pairs(context, name="w1-receipts", marks=True)]


async def w1r(context: Context) -> list[Result]:
    return [await pairs(context, name="w1r", per_second=LATENCY_RATE)]


async def w2(context: Context) -> list[Result]:
    return [await group(context)]


async def w4(context: Context) -> list[Result]:
    """For each history: its newest page, and pages anywhere in it."""
    results = []
    for history in context.population.histories:
        results.append(await pages(context, history, name=f"w4-{history.head}"))
        results.append(await pages(context, history, name=f"w4-{history.head}-random", anywhere=True))
    return results


# In the order in which they are run: who reads histories comes before who adds to them.
WORKLOADS: dict[str, Workload] = {
    "w1": w1,
    "w1-receipts": w1_receipts,
    "w1r": w1r,
    "w2": w2,
    "w3": sockets,
    "w4": w4,
    "rest-page": rest_page,
    "rest-list": rest_list,
    "sync-500": sync_500,
    "growth": growth,
    "busy": busy,
    "storm": storm,
}


async def run(
    instance: Instance,
    names: Sequence[str],
    *,
    seconds: float,
    idle: Sequence[int],
    reconnecting: int,
    warm_seconds: float,
    spy: Spy | None,
) -> Report:
    """Before anything is measured, it is warmed up for as long as that helps, `warm_seconds` at most."""
    context = Context(
        instance.url, instance.population, instance.processes, instance.redis_ports, seconds=seconds,
        warm_up_seconds=min(2.0, seconds / 4), idle_seconds=min(IDLE_SECONDS, seconds), sockets=idle, storm=reconnecting, spy=spy,
    )  # fmt: skip
    machine = {"cores": os.cpu_count(), "load": os.getloadavg()[0], "kernel": os.uname().release}
    results: list[Result] = []
    if warm_seconds:
        results += await _survive("warm-up", lambda: warm_up(context, warm_seconds))
    for name in names:
        if spy:
            spy.words.append(f"== {name}")
        results += await _survive(name, partial(WORKLOADS[name], context))
    return Report(
        profile=instance.profile, at=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", commit=_commit(),
        machine=machine, results=results,
    )  # fmt: skip


async def _survive(name: str, workload: Callable[[], Awaitable[list[Result]]]) -> list[Result]:
    """One that breaks off is a fault of its own; what the others found is kept."""
    try:
        return await workload()
    except* (OSError, Told) as errors:
        broken = [f"broke off: {error!r}" for error in errors.exceptions]
    return [Result(name=name, what="broke off", faults=broken)]


def _commit() -> str:
    done = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True)
    return done.stdout.strip() or "unknown"
