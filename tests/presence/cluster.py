"""Nodes that share the presence of real shards, and time that passes for them and for the shards alike."""

from collections.abc import Iterable
from itertools import count
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis

from chatsite.edge.layer import LocalLayer
from presence.services.online import Online
from presence.stores.base import Swept, Transition
from presence.stores.redis import LEASE_SECONDS, RedisPresence
from tests.contracts.clock import MovableClock
from tests.presence.circle import OpenCircle

GRACE_SECONDS = 10
STEP_SECONDS = 5  # between sweeps: less than what a shard takes for a standstill
_starts = count(1_800_000_000_000, 86_400_000)  # every test begins a day after the last


class Cluster:
    def __init__(self, coordination: dict[str, Any]) -> None:
        self._coordination = coordination
        self.clock = MovableClock(next(_starts))
        self.layer = LocalLayer()
        self.nodes: list[RedisPresence] = []
        self.names: list[str] = []

    def node(self, name: str = "", **options: Any) -> RedisPresence:
        """A node that lives while `pass_time` is told of it."""
        named: dict[str, Any] = {"incarnation": name or f"node-{uuid4().hex}", "clock": self.clock}
        self.nodes.append(RedisPresence(**self._coordination | named | options))
        return self.nodes[-1]

    def online(self, circle: OpenCircle | None = None) -> Online:
        """A whole node, on a layer that all of them share."""
        name = f"node-{uuid4().hex}"
        circle = circle or OpenCircle()
        circle.nodes = self.names
        self.names.append(name)
        online = Online(self.node(name), node=name, layer=self.layer, circle=circle, grace_seconds=GRACE_SECONDS)
        online.open()
        return online

    async def pass_time(self, seconds: float, *living: RedisPresence) -> Swept:
        """Moves the clock while these nodes sweep; answers with all that they found."""
        found = Swept([], [])
        while seconds > 0:
            self.clock.forward(min(seconds, STEP_SECONDS))
            seconds -= STEP_SECONDS
            for node in living:
                swept = await node.sweep()
                found.transitions.extend(swept.transitions)
                found.sights.extend(swept.sights)
        return found

    async def settle(self, *living: RedisPresence) -> None:
        """Until the shards clear again what has expired, after a beginning or a standstill."""
        await self.pass_time(LEASE_SECONDS + STEP_SECONDS, *living)

    async def flush(self) -> None:
        """Takes everything from all shards, as a restart does."""
        for url in self._coordination["urls"]:
            async with Redis.from_url(url) as shard:
                await shard.flushall()

    async def pause(self, seconds: float) -> None:
        """Makes all shards answer nobody for a while."""
        for url in self._coordination["urls"]:
            async with Redis.from_url(url) as shard:
                await shard.client_pause(round(seconds * 1000), all=True)

    async def close(self) -> None:
        for node in self.nodes:
            await node.close()


def turns(transitions: Iterable[Transition], *users: int) -> list[tuple[int, bool]]:
    """Who of these turned to what, in order."""
    presences = (transition.presence for transition in transitions)
    return [(presence.user, presence.online) for presence in presences if presence.user in users]
