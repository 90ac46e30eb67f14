"""Empties a node before its process ends: everybody on it is told to go elsewhere."""

import asyncio
import random

from chatsite.edge.hub import Hub
from messaging.protocol.events import Goodbye, encode_event

MOVED = 4006
AT_ONCE = 100  # sockets; then others have their turn
RECONNECT_SECONDS = 1.0


async def move_everybody(hub: Hub, *, over_seconds: float) -> None:
    """Says goodbye to every socket and closes it, evenly over that time, so that the other nodes are not overrun.

    Whose turn has come may go on at once. Where all have it at the same moment, nobody should come back before this process can
    have been replaced. What a socket sent and got no answer to, its device sends again elsewhere under the same client id.
    """
    goodbye = encode_event(Goodbye(reason="moving", reconnect_after=0 if over_seconds else RECONNECT_SECONDS, nodes=[]))
    loop = asyncio.get_running_loop()
    began_at = loop.time()
    leaving = hub.connections()
    random.shuffle(leaving)
    told: set[int] = set()
    while leaving:
        for number, connection in enumerate(leaving):
            wait_seconds = began_at + over_seconds * number / len(leaving) - loop.time()
            if wait_seconds > 0 or number % AT_ONCE == 0:
                await asyncio.sleep(max(0.0, wait_seconds))
            connection.deliver(goodbye)
            connection.close(MOVED, "moving")
        told.update(map(id, leaving))
        # Those whose hello was under way when we began.
        leaving = [connection for connection in hub.connections() if id(connection) not in told]
