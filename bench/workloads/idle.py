"""People who only listen: W3 (memory of a socket) and presence (what their heartbeats cost)."""

import asyncio

from bench.load.crowd import Crowd
from bench.load.rest import Rest
from bench.measure import Stretch
from bench.redis_writes import redis_writes
from bench.results import Result
from bench.workloads.context import Context

FIRST = 200  # caches and pools fill with these; they stay connected and are not counted
REST_SECONDS = 4.0


async def sockets(context: Context) -> list[Result]:
    """Memory at each number of sockets, then what heartbeats cost at the largest."""
    results = []
    crowd = Crowd(Rest(context.url))
    accounts = context.population.accounts
    try:
        await crowd.connect(accounts[:FIRST])
        await asyncio.sleep(REST_SECONDS)
        before = _rss(context)
        for wanted in context.sockets:
            stretch = Stretch(context.processes)
            stretch.begin()
            come = wanted + FIRST - len(crowd.sockets)
            await crowd.connect(accounts[len(crowd.sockets) : wanted + FIRST])
            stretch.end()
            await asyncio.sleep(REST_SECONDS)
            result = stretch.result(f"w3-{wanted}", f"{wanted:,} idle sockets", count=come, unit="arrival")
            result.kb_per_socket = sum(after - before[name] for name, after in _rss(context).items()) / wanted
            result.figures = {f"KB per socket, {name}": (after - before[name]) / wanted for name, after in _rss(context).items()}
            result.faults = crowd.lost()
            results.append(result)
        results.append(await _heartbeats(context, crowd))
    finally:
        await crowd.close()
    return results


async def _heartbeats(context: Context, crowd: Crowd) -> Result:
    stretch = Stretch(context.processes, spy=context.spy)
    beats, writes = crowd.heartbeats, redis_writes(context.redis_ports)
    await stretch.last(context.seconds)
    beats, writes = crowd.heartbeats - beats, redis_writes(context.redis_ports) - writes
    result = stretch.result("presence", f"{len(crowd.sockets):,} quiet sockets", count=beats, unit="heartbeat")
    result.figures = {f"{part}, % of a core": stretch.cpu_seconds(part) / stretch.seconds * 100 for part in result.cpu_us}
    if context.redis_ports:
        result.figures["Redis writes per heartbeat"] = writes / max(beats, 1)
        result.figures["Redis writes per second"] = writes / stretch.seconds
    result.faults = crowd.lost()
    return result


def _rss(context: Context) -> dict[str, float]:
    return {server.name: server.rss_kb() for server in context.servers}
