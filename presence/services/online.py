"""Tells watchers, on whichever node they are, when somebody turns online or offline: at most one transition per grace period."""

from collections.abc import Collection, Iterable, Sequence

import msgspec

from accounts.services.ties import HIDDEN, Sees
from chatsite.edge.hub import Connection
from chatsite.edge.layer import NodeLayer, Packet
from presence.protocol import Presence, encode_presence
from presence.services.circle import Circle
from presence.services.contacts import ContactNews
from presence.services.sight import Frames, as_seen_by
from presence.stores.base import PresenceStore, Transition

GRACE_SECONDS = 10.0


class Online:
    """Presence on one node: the store, which sockets watch whom while it is on their screen, and what they may see.

    A packet tells other nodes of a transition at once. The store's sweep finds for every node what changed, so a lost packet costs a second.
    """

    def __init__(
        self, store: PresenceStore, *, node: str, layer: NodeLayer, circle: Circle, grace_seconds: float = GRACE_SECONDS
    ) -> None:
        self._store = store
        self._node = node
        self._layer = layer
        self._circle = circle
        self._grace_seconds = grace_seconds
        self._watched: dict[Connection, dict[int, Sees]] = {}
        self._watchers: dict[int, set[Connection]] = {}
        self._known: dict[int, Presence] = {}  # how those watched here stand, as their watchers were told
        self._gone: list[Presence] = []
        self._contacts = ContactNews(node=node, layer=layer, circle=circle, watches=self._watches)

    def open(self) -> None:
        """From now on this node hears of transitions elsewhere."""
        self._layer.attach(_channel(self._node), self._receive)
        self._contacts.open()

    async def close(self) -> None:
        self._layer.detach(_channel(self._node))
        self._contacts.close()
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

    async def tell_contacts(self) -> None:
        """What happened since the last time; call it every second. Raises Unavailable."""
        await self._contacts.tell()

    async def watch(self, connection: Connection, users: Sequence[int]) -> list[Presence]:
        """Replaces what this socket watches; answers with how they stand now, as far as anybody knows and it may see."""
        before = self._watched.get(connection, {})
        sees = await self._circle.sights(connection.user_id, users)
        self._watched[connection] = {user: sees[user] for user in users if user in sees}
        for user in self._watched[connection]:
            self._watchers.setdefault(user, set()).add(connection)
        self._forget(connection, before.keys() - sees.keys())
        return await self._stand(connection, list(self._watched[connection]))

    def unwatch(self, connection: Connection) -> None:
        self._forget(connection, self._watched.pop(connection, {}))

    async def look(self, viewer: int, users: Sequence[int]) -> list[Presence]:
        """How they stand, as far as anybody knows and `viewer` may see."""
        sees = await self._circle.sights(viewer, users)
        presences = await self._store.look([user for user in users if user in sees])
        return [as_seen_by(presence, sees) for presence in await self._with_last_active(presences)]

    async def stand_of(self, users: Sequence[int]) -> list[Presence]:
        """How they stand, whatever they hide: for administrators."""
        return await self._store.look(users)

    def note_use(self, user: int, device: int, *, is_active: bool) -> None:
        """Somebody looks at this device from now on, or not any more."""
        self._store.note_use(user, device, is_active=is_active)

    async def last_used(self, users: Sequence[int]) -> list[dict[int, int]]:
        """For each user, their devices and when somebody last used them (ms): now, if they do. Raises Unavailable."""
        return await self._store.last_used(users)

    async def recheck(self, changed: Collection[int]) -> None:
        """After contacts, blocks or privacy of these people changed: sockets here see of each other what they may see now."""
        affected = {
            connection: changed & self._watched[connection].keys()
            for user in changed
            for connection in self._watchers.get(user, ())
        }
        for user in changed:
            affected |= {own: set(self._watched[own]) for own in self._circle.connections(user) if own in self._watched}
        for connection, users in affected.items():
            sees = await self._circle.sights(connection.user_id, users)
            watched = self._watched.get(connection, {})
            other = [user for user in users if user in watched and watched[user] != sees.get(user, HIDDEN)]
            watched.update({user: sees.get(user, HIDDEN) for user in other})
            if other:
                connection.deliver(encode_presence(await self._stand(connection, other)))

    async def _stand(self, connection: Connection, users: Sequence[int]) -> list[Presence]:
        """Of those it watches."""
        sights = await self._store.watch(users)
        self._tell(sights, skip=connection)
        newest = {sight.user: sight for sight in sights} | {user: self._known[user] for user in users if user in self._known}
        presences = await self._with_last_active([newest[user] for user in users if user in newest])
        sees = self._watched.get(connection, {})
        return [as_seen_by(presence, sees) for presence in presences]

    async def _with_last_active(self, presences: list[Presence]) -> list[Presence]:
        """What the store has forgotten of those who have been away for long is stored elsewhere."""
        unknown = [presence.user for presence in presences if not presence.online and presence.last_active_at is None]
        stored = await self._circle.last_active(unknown) if unknown else {}
        return [
            msgspec.structs.replace(presence, last_active_at=stored[presence.user]) if presence.user in stored else presence
            for presence in presences
        ]

    def _watches(self, connection: Connection, user: int) -> bool:
        return connection in self._watchers.get(user, ())

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
        self._contacts.add(presences)
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
        """To the sockets here that watch them, what they do not know yet and may see."""
        for presence in presences:
            watchers = self._watchers.get(presence.user)
            known = self._known.get(presence.user)
            if not watchers or (known is not None and known.moment > presence.moment):
                continue
            self._known[presence.user] = presence
            if known is None or known.online != presence.online:
                frames = Frames(presence)
                for connection in tuple(watchers):
                    sees = self._watched[connection][presence.user]
                    if connection is not skip and sees.online:
                        connection.deliver(frames.seen_with(sees))


def _channel(node: str) -> str:
    return f"presence.{node}"
