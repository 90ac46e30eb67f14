"""Everybody's network comes back at once: how long until all are connected, and what those who talk meanwhile notice."""

import asyncio
from collections.abc import Sequence
from time import perf_counter

from bench.load.arrival import Obstacles, arrive
from bench.load.crowd import Crowd, allow_files, source_of
from bench.load.rest import Rest
from bench.load.socket import Socket
from bench.population import Account
from bench.results import Result
from bench.statistics import percentile, spread_ms
from bench.workloads.bystanders import Bystanders, Noticed, Talk
from bench.workloads.context import Context

OTHERS_PER_SECOND = 20.0
GIVE_UP_SECONDS = 300.0
FIRST = 2  # the two who talk
BEFORE, DURING = 1, 2  # stretches of the bystanders; 0 is their own warm-up


class Return:
    """How everybody came back: `seconds` after the cut, and what stood in the way."""

    def __init__(self, url: str, crowd: Crowd) -> None:
        self.seconds: list[float] = []
        self.obstacles = Obstacles()
        self._url = url
        self._crowd = crowd

    async def strike(self, accounts: Sequence[Account], sockets: Sequence[Socket], *, give_up_seconds: float) -> None:
        """Cuts all `sockets` at once and lets `accounts` come back, each for itself."""
        for socket in sockets:
            socket.abort()
        begun = perf_counter()
        try:
            async with asyncio.timeout(give_up_seconds), asyncio.TaskGroup() as group:
                for number, account in enumerate(accounts):
                    group.create_task(self._come_back(account, source_of(number), begun))
        except TimeoutError:
            self.obstacles.errors[f"not back after {give_up_seconds:.0f} s"] = len(accounts) - len(self.seconds)

    async def _come_back(self, account: Account, source: str | None, begun: float) -> None:
        """Over connections of its own, like every device."""
        rest = Rest(self._url, source=source)
        try:
            socket, _ = await arrive(rest, account, source=source, obstacles=self.obstacles, comes_back=True)
        finally:
            await rest.close()
        self.seconds.append(perf_counter() - begun)
        self._crowd.sockets.append(socket)

    def figures(self) -> dict[str, float]:
        ascending = sorted(self.seconds)
        back = {f"seconds until {percent} % are back": percentile(ascending, percent) for percent in (50, 90, 100)}
        return back | {f"told to try again: {what}": float(count) for what, count in self.obstacles.told.items()}

    def faults(self) -> list[str]:
        return [f"{count} × {what}" for what, count in self.obstacles.errors.items()]


async def storm(context: Context) -> list[Result]:
    """As many people as `context.storm`, a socket each."""
    accounts = context.population.accounts
    many = accounts[FIRST : FIRST + context.storm]
    talk = Talk(context.url, accounts[:FIRST], context.population.pairs[0], OTHERS_PER_SECOND)
    allow_files(3 * len(many))
    crowd = Crowd(Rest(context.url))
    bystanders: Bystanders | None = None
    try:
        gone = await crowd.connect(many)
        stretch = await context.stretch()
        bystanders = await Bystanders.start(talk)
        await asyncio.sleep(context.warm_up_seconds)
        bystanders.mark()
        await asyncio.sleep(context.warm_up_seconds)
        bystanders.mark()
        crowd.sockets = []
        found = Return(context.url, crowd)
        stretch.begin()
        await found.strike(many, gone, give_up_seconds=GIVE_UP_SECONDS)
        stretch.end()
        bystanders.mark()
        noticed = await bystanders.finish()
        result = stretch.result("storm", f"{len(many):,} sockets reconnect at once", count=len(many), unit="return")
        result.deliver_ms, result.ack_ms = spread_ms(noticed.deliver_seconds[DURING]), spread_ms(noticed.ack_seconds[DURING])
        result.figures = found.figures() | _before(noticed)
        result.faults = noticed.faults + found.faults() + crowd.lost()
        return [result]
    finally:
        if bystanders:
            await bystanders.close()
        await crowd.close()


def _before(noticed: Noticed) -> dict[str, float]:
    before = spread_ms(noticed.deliver_seconds[BEFORE])
    return {
        "others, deliver p50 ms before": before["p50"],
        "others, deliver p99 ms before": before["p99"],
        "others late by, p99 ms (part of their times)": noticed.late_ms,
    }
