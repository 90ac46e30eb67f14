"""Who is connected where, for administrators: what presence, inboxes and discovery know."""

import asyncio
from collections.abc import Sequence

import msgspec

from chatsite.core.clock import clock
from chatsite.core.errors import Unavailable
from messaging.services.node import Node

ACTIVE_MS = 60_000


class Whereabouts(msgspec.Struct, frozen=True):
    """One person; None where nothing can be said now."""

    online: bool | None = None
    nodes: tuple[str, ...] = ()
    active_devices: int | None = None  # used within the last minute


async def find_whereabouts(node: Node, users: Sequence[int]) -> dict[int, Whereabouts]:
    """Privacy is between people: an administrator sees all."""
    presences = {presence.user: presence.online for presence in await node.online.stand_of(users)}
    places = await asyncio.gather(*(node.chat.inbox.nodes_of([user]) for user in users))
    try:
        used = await node.online.last_used(users)
    except Unavailable:
        active: list[int | None] = [None] * len(users)
    else:
        active = [sum(at > clock.now_ms() - ACTIVE_MS for at in devices.values()) for devices in used]
    return {
        user: Whereabouts(presences.get(user), tuple(sorted(nodes)), count)
        for user, nodes, count in zip(users, places, active, strict=True)
    }
