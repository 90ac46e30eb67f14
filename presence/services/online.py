"""Tells watchers, on whichever node they are, when somebody turns online or offline: at most one transition per grace period."""

from collections.abc import Iterable, Sequence

import msgspec

from chatsite.edge.hub import Connection
from chatsite.edge.layer import NodeLayer, Packet
from presence.protocol import Presence, encode_presence
from presence.stores.base import PresenceStore, Transition

GRACE_SECONDS = 10.0


class Online:
    """Presence on one node: the store, and which sockets watch whom while it is on their screen.

    A packet tells other nodes of a transition at once. The store's sweep finds for every node what changed, so a lost packet costs a second.
    """

    def __init__(self, store: PresenceStore, *, node: str, layer: NodeLayer, grace_seconds: float = GRACE_SECONDS) -> None:
        self._store = store
        self._node = node
        self._layer = layer
        self._grace_seconds = grace_seconds
        self._watched: dict[Connection, tuple[int, ...]] = {}
        self._watchers: dict[int, set[Connection]] = {}
        self._known: dict[int, Presence] = {}  # how those watched here stand, as their watchers were told
        self._gone: list[Presence] = []

    def open(self) -> None:
        """From now on this node hears of transitions elsewhere."""
        self._layer.attach(_channel(self._node), self._receive)

    async def close(self) -> None:
        self._layer.detach(_channel(self._node))
        await self._store.close()

    async def arrive(self, user: int, connection: str) -> None:
        await self._spread(await self._store.arrive(user, connection))

    async def leave(self, user: int, connection: str, *, at_once: bool = False) -> None:
        """`at_once` for a logout: nobody expects that person back in seconds."""
        await self._spread(await self._store.leave(user, connection, grace_seconds=0 if at_once else self._grace_seconds))

    async def sweep(self) -> list[Presence]:
        """Turns people offline whose grace ran out or whose node died; call it every second. Answers with those who turned offline since."""
        swept = await self._store.sweep()
        await self._spread(swept.transitions)
        self._tell(swept.sights)
        gone, self._gone = self._gone, []
        return gone

    async def watch(self, connection: Connection, users: Sequence[int]) -> list[Presence]:
        """Replaces what this socket watches; answers with how they stand now, as far as anybody knows."""
        before = self._watched.get(connection, ())
        self._watched[connection] = tuple(users)
        for user in users:
            self._watchers.setdefault(user, set()).add(connection)
        self._forget(connection, set(before).difference(users))
        sights = await self._store.watch(users)
        self._tell(sights, skip=connection)
        newest = {sight.user: sight for sight in sights} | {user: self._known[user] for user in users if user in self._known}
        return [newest[user] for user in users if user in newest]

    def unwatch(self, connection: Connection) -> None:
        self._forget(connection, self._watched.pop(connection, ()))

    async def look(self, users: Sequence[int]) -> list[Presence]:
        return await self._store.look(users)

    def _forget(self, connection: Connection, users: Iterable[int]) -> None:
        unwatched = []
        for user in users:
            watchers = self._watchers.get(user, set())
            watchers.discard(connection)
            if not watchers:
                unwatched.append(user)
                self._watchers.pop(user, None)
                self._known.pop(user, None)
        if unwatched:
            self._store.unwatch(unwatched)

    async def _spread(self, transitions: Sequence[Transition]) -> None:
        """One packet for each node that watches any of them."""
        if not transitions:
            return
        presences = [transition.presence for transition in transitions]
        self._gone += [presence for presence in presences if not presence.online]
        self._tell(presences)
        packets: dict[str, list[Presence]] = {}
        for transition in transitions:
            for node in transition.nodes:
                packets.setdefault(node, []).append(transition.presence)
        packets.pop(self._node, None)
        for node, told in packets.items():
            await self._layer.send(_channel(node), {"type": "presence", "presences": msgspec.to_builtins(told)})

    def _receive(self, packet: Packet) -> None:
        self._tell(msgspec.convert(packet["presences"], list[Presence]))

    def _tell(self, presences: Iterable[Presence], *, skip: Connection | None = None) -> None:
        """To the sockets here that watch them, what they do not know yet."""
        for presence in presences:
            watchers = self._watchers.get(presence.user)
            known = self._known.get(presence.user)
            if not watchers or (known is not None and known.moment > presence.moment):
                continue
            self._known[presence.user] = presence
            if known is None or known.online != presence.online:
                frame = encode_presence([presence])
                for connection in tuple(watchers):
                    if connection is not skip:
                        connection.deliver(frame)


def _channel(node: str) -> str:
    return f"presence.{node}"
