"""Everybody's network comes back at once: how long until all are connected, and what those who talk meanwhile notice."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from time import perf_counter

from bench.load.crowd import Crowd, allow_files, enter, find_door, source_of
from bench.load.rest import Rest, Told
from bench.load.socket import Socket
from bench.measure import Stretch
from bench.population import Account
from bench.results import Result
from bench.statistics import percentile, spread_ms
from bench.workloads.context import Context
from bench.workloads.talk import Speaker, settle, tick

OTHERS_PER_SECOND = 20.0
BACKOFF_SECONDS, BACKOFF_MAX_SECONDS = 0.5, 30.0  # as docs/protocol.md asks
GIVE_UP_SECONDS = 300.0
FIRST = 2  # the two who talk


@dataclass
class Return:
    """How everybody came back. `told` are refusals with a time to wait; all else is a failure."""

    seconds: list[float] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    sockets: list[Socket] = field(default_factory=list)


async def storm(context: Context) -> list[Result]:
    crowd = Crowd(Rest(context.url))
    accounts = context.population.accounts
    many = accounts[FIRST : FIRST + context.storm]
    try:
        one, other = await crowd.connect(accounts[:FIRST])
        gone = await crowd.connect(many)
        speaker = Speaker(context.population.pairs[0], one, [other], in_flight=0)
        metronome = asyncio.create_task(tick([speaker], OTHERS_PER_SECOND))
        await asyncio.sleep(context.warm_up_seconds)
        allow_files(3 * len(many))
        stretch = Stretch(context.processes, [speaker.ledger])
        stretch.begin()
        crowd.sockets = crowd.sockets[:FIRST]
        found = await _strike(context, crowd, many, gone)
        stretch.end()
        await asyncio.sleep(context.warm_up_seconds)
        metronome.cancel()
        await settle([speaker.ledger])
        result = stretch.result("storm", f"{len(many):,} sockets reconnect at once", count=len(many), unit="return")
        result.deliver_ms, result.ack_ms = spread_ms(speaker.ledger.deliver_seconds), spread_ms(speaker.ledger.ack_seconds)
        result.figures = _figures(found)
        result.faults = [
            *speaker.ledger.faults(),
            *(f"{count} × {what}" for what, count in found.failures.items()),
            *crowd.lost(),
        ]
        return [result]
    finally:
        await crowd.close()


async def _strike(context: Context, crowd: Crowd, accounts: list[Account], sockets: list[Socket]) -> Return:
    found = Return()
    for socket in sockets:
        socket.abort()
    begun = perf_counter()
    try:
        async with asyncio.timeout(GIVE_UP_SECONDS), asyncio.TaskGroup() as group:
            for number, account in enumerate(accounts):
                group.create_task(_come_back(context.url, account, number, crowd, found, begun))
    except TimeoutError:
        found.failures[f"not back after {GIVE_UP_SECONDS:.0f} s"] = len(accounts) - len(found.seconds)
    return found


async def _come_back(url: str, account: Account, number: int, crowd: Crowd, found: Return, begun: float) -> None:
    """As docs/protocol.md has it: full jitter, a ticket over a connection of its own, then hello."""
    rest, tries, wait = Rest(url), 0, 0.0
    while True:
        most = min(BACKOFF_MAX_SECONDS, BACKOFF_SECONDS * 2**tries)
        await asyncio.sleep(wait + random.uniform(0, most))
        try:
            socket, _ = await enter(await find_door(rest, account), source=source_of(number))
        except Told as refusal:
            tries, wait = tries + 1, refusal.retry_after or 0.0
            (found.told if refusal.retry_after is not None else found.failures)[f"HTTP {refusal.status}"] += 1
        except (OSError, TimeoutError) as error:
            tries, wait = tries + 1, 0.0
            (found.told if "1013" in str(error) else found.failures)[f"{type(error).__name__}: {error}"[:80]] += 1
        else:
            found.seconds.append(perf_counter() - begun)
            crowd.sockets.append(socket)
            await rest.close()
            return


def _figures(found: Return) -> dict[str, float]:
    ascending = sorted(found.seconds)
    back = {f"seconds until {percent} % are back": percentile(ascending, percent) for percent in (50, 90, 100)}
    return back | {f"told to try again: {what}": float(count) for what, count in found.told.items()}
