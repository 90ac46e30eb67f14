"""People who only listen: W3 (memory of a socket, and what arrivals cost) and presence (what their heartbeats cost)."""

import asyncio
from time import perf_counter

from bench.budgets import COMMANDS_PER_HEARTBEAT, HEARTBEATS_PERCENT
from bench.load.crowd import Crowd
from bench.load.rest import Rest
from bench.measure import Stretch
from bench.redis_counts import Counts, RedisCounter
from bench.results import Result
from bench.statistics import spread_ms
from bench.workloads.context import Context

FIRST = 200  # caches and pools fill with these; they stay connected and are not counted
REST_SECONDS = 4.0
# With the ten between two heartbeats this is less than the thirty after which sockets are closed; twice this is as often as a node repeats
# what it said of its sockets, so that as much of that falls into the silence as into the heartbeats.
SILENT_SECONDS = 15.0
BUDGETED_PER_SECOND = 1_000  # heartbeats of 10,000 sockets


async def sockets(context: Context) -> list[Result]:
    """Memory at each number of sockets, then what heartbeats cost at the largest."""
    crowd = Crowd(Rest(context.url))
    try:
        await crowd.connect(context.population.accounts[:FIRST])
        await asyncio.sleep(REST_SECONDS)
        before = _rss(context)
        return [
            *[await _arrivals(context, crowd, before, wanted) for wanted in context.sockets],
            await _heartbeats(context, crowd),
        ]
    finally:
        await crowd.close()


async def _arrivals(context: Context, crowd: Crowd, before: dict[str, float], wanted: int) -> Result:
    """As fast as sixteen at once can come in."""
    come = wanted + FIRST - len(crowd.sockets)
    stretch = await context.stretch()
    crowd.arrival_seconds.clear()
    stretch.begin()
    await crowd.connect(context.population.accounts[len(crowd.sockets) : wanted + FIRST])
    stretch.end()
    await asyncio.sleep(REST_SECONDS)
    result = stretch.result(f"w3-{wanted}", f"{wanted:,} idle sockets", count=come, unit="arrival")
    result.deliver_ms = spread_ms(crowd.arrival_seconds)
    grown = {name: after - before[name] for name, after in _rss(context).items()}
    result.kb_per_socket = sum(grown.values()) / wanted
    result.figures = {f"KB per socket, {name}": kb / wanted for name, kb in grown.items()}
    result.figures |= {f"told to try again: {what}": float(count) for what, count in crowd.obstacles.told.items()}
    result.faults = crowd.lost()
    return result


async def _heartbeats(context: Context, crowd: Crowd) -> Result:
    """The difference between heartbeats and as long a silence, half before and half after; the row itself is of those with, as they are."""
    counter = RedisCounter(context.redis_ports)
    silent_seconds = SILENT_SECONDS if context.seconds >= 10 else context.seconds
    try:
        before, before_counts = await _silence(context, crowd, counter, silent_seconds)
        stretch, beats = Stretch(context.processes, spy=context.spy), crowd.heartbeats
        counts = await _watch(stretch, counter, 2 * silent_seconds)
        beats = crowd.heartbeats - beats
        after, after_counts = await _silence(context, crowd, counter, silent_seconds)
    finally:
        counter.close()
    quiet_counts = Counts(*((a + b) / 2 for a, b in zip(before_counts, after_counts, strict=True)))
    result = stretch.result("presence", f"{len(crowd.sockets):,} quiet sockets", count=beats, unit="heartbeat")
    shares = {part: stretch.cpu_seconds(part) / stretch.seconds for part in result.cpu_us}
    result.idle_cores = {
        part: (before.cpu_seconds(part) + after.cpu_seconds(part)) / (before.seconds + after.seconds) for part in result.cpu_us
    }
    for part, share in shares.items():
        result.figures[f"{part}, % of a core with heartbeats"] = share * 100
        result.figures[f"{part}, % of a core without"] = result.idle_cores[part] * 100
    # What no heartbeat reaches (the store, PostgreSQL, ZooKeeper) has chores of its own that differ by more than all of this.
    net_cores = sum(shares[part] - result.idle_cores[part] for part in ("server", "redis") if part in shares)
    result.figures[HEARTBEATS_PERCENT] = net_cores / (beats / stretch.seconds) * BUDGETED_PER_SECOND * 100 if beats else 0.0
    if context.redis_ports:
        result.figures |= _redis_figures(counts, quiet_counts, beats / stretch.seconds)
    result.faults = crowd.lost()
    return result


async def _silence(context: Context, crowd: Crowd, counter: RedisCounter, seconds: float) -> tuple[Stretch, Counts]:
    crowd.is_silent = True
    try:
        stretch = Stretch(context.processes)
        return stretch, await _watch(stretch, counter, seconds)
    finally:
        crowd.is_silent = False


async def _watch(stretch: Stretch, counter: RedisCounter, seconds: float) -> Counts:
    """What Redis did in a second."""
    before, begun = counter.read(), perf_counter()
    await stretch.last(seconds)
    after, took = counter.read(), perf_counter() - begun
    return Counts((after.commands - before.commands) / took, (after.writes - before.writes) / took)


def _redis_figures(counts: Counts, quiet: Counts, beats_per_second: float) -> dict[str, float]:
    return {
        "Redis commands per second with heartbeats": counts.commands,
        "Redis commands per second without": quiet.commands,
        "Redis writes per second with heartbeats": counts.writes,
        "Redis writes per second without": quiet.writes,
        COMMANDS_PER_HEARTBEAT: max(0.0, counts.commands - quiet.commands) / max(beats_per_second, 1e-9),
    }


def _rss(context: Context) -> dict[str, float]:
    return {server.name: server.rss_kb() for server in context.servers}
