"""What the rest of the system may ask about sockets without knowing them: who is connected, and that a device be cut off.

Safe to call from any thread and from processes that hold no socket (there it does nothing: the nodes see the revocation in their sweep).
"""

import asyncio
from collections.abc import Iterable

from chatsite.edge.hub import hub

REVOKED = 4002

_loop: asyncio.AbstractEventLoop | None = None


def serve_on(loop: asyncio.AbstractEventLoop | None) -> None:
    """Tells this module which loop the sockets live on; None when they are gone."""
    global _loop
    _loop = loop


def close_devices(device_ids: Iterable[int]) -> None:
    """Closes every socket of these devices with 4002: log in again."""
    if _loop is not None:
        _loop.call_soon_threadsafe(_close, tuple(device_ids))


def connected_devices(device_ids: Iterable[int]) -> set[int]:
    """Those of `device_ids` that hold a socket on this node."""
    return {device for device in device_ids if hub.of_device(device)}


def _close(device_ids: tuple[int, ...]) -> None:
    for device in device_ids:
        for connection in hub.of_device(device):
            connection.close(REVOKED, "logged out")
