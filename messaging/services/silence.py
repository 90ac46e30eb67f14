"""One sweep for all sockets of a node: who has said nothing for so long, not even a heartbeat, is gone."""

from chatsite.core.clock import clock
from chatsite.edge.hub import Hub

SILENCE_SECONDS = 30.0
SILENT = 4005


def close_silent(hub: Hub) -> None:
    now = clock.monotonic()
    for connection in hub.connections():
        if now - connection.heard_at > SILENCE_SECONDS:
            connection.close(SILENT, "no heartbeat")
