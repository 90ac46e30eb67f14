"""Tells people when their contacts turn online or offline, on whatever node they are, without their asking.

Once a second: whoever came and went meanwhile is no news. Nothing is kept for those who are not connected; what a packet loses, a device
sees when it next looks, or watches.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping

import msgspec

from accounts.services.ties import Sees
from chatsite.edge.hub import Connection
from chatsite.edge.layer import NodeLayer, Packet
from presence.protocol import Presence
from presence.services.circle import Circle
from presence.services.sight import Frames

AT_ONCE = 500  # people of whom one round tells: each may have thousands of contacts
WAITING_MAX = 50_000
REMEMBERED = 50_000


class _Told(msgspec.Struct, frozen=True):
    """One person's transition, and who of their contacts sees what of it."""

    presence: Presence
    to: dict[int, Sees]


class ContactNews:
    """Give it every transition; `watches` tells which sockets here hear of somebody anyway."""

    def __init__(self, *, node: str, layer: NodeLayer, circle: Circle, watches: Callable[[Connection, int], bool]) -> None:
        self._node = node
        self._layer = layer
        self._circle = circle
        self._watches = watches
        self._waiting: OrderedDict[int, Presence] = OrderedDict()
        self._last: OrderedDict[int, Presence] = OrderedDict()  # what was told here of whom: packets may overtake each other

    def open(self) -> None:
        self._layer.attach(_channel(self._node), self._receive)

    def close(self) -> None:
        self._layer.detach(_channel(self._node))

    def add(self, presences: Iterable[Presence]) -> None:
        for presence in presences:
            self._waiting[presence.user] = presence
        while len(self._waiting) > WAITING_MAX:
            self._waiting.popitem(last=False)

    async def tell(self) -> None:
        """One packet for each node that holds any of the contacts. What cannot be told now waits for the next time."""
        if not self._waiting:
            return
        taken = [self._waiting.popitem(last=False) for _ in range(min(AT_ONCE, len(self._waiting)))]
        try:
            await self._tell([presence for _, presence in taken])
        except Exception:
            self._waiting = OrderedDict([*taken, *self._waiting.items()])
            raise

    async def _tell(self, presences: list[Presence]) -> None:
        audience = await self._circle.audience([presence.user for presence in presences])
        news = [_Told(presence, audience[presence.user]) for presence in presences if presence.user in audience]
        if not news:
            return
        nodes = await self._circle.nodes_of({contact for told in news for contact in told.to})
        self._deliver(news)
        others = [_channel(node) for node in nodes if node != self._node]
        if others:
            await self._layer.send_all(others, {"type": "contacts", "news": msgspec.to_builtins(news, str_keys=True)})

    def _receive(self, packet: Packet) -> None:
        self._deliver(msgspec.convert(packet["news"], list[_Told], strict=False))

    def _deliver(self, news: Iterable[_Told]) -> None:
        for told in news:
            if self._is_old(told.presence):
                continue
            frames = Frames(told.presence)
            for connection, sees in self._sockets(told.presence.user, told.to):
                connection.deliver(frames.seen_with(sees))

    def _sockets(self, user: int, contacts: Mapping[int, Sees]) -> list[tuple[Connection, Sees]]:
        return [
            (connection, sees)
            for contact, sees in contacts.items()
            for connection in tuple(self._circle.connections(contact))
            if not self._watches(connection, user)
        ]

    def _is_old(self, presence: Presence) -> bool:
        last = self._last.get(presence.user)
        if last is not None and last.moment > presence.moment:
            return True
        self._last[presence.user] = presence
        self._last.move_to_end(presence.user)
        while len(self._last) > REMEMBERED:
            self._last.popitem(last=False)
        return False


def _channel(node: str) -> str:
    return f"contacts.{node}"
