"""One packet per node: how an encoded frame reaches the sockets of many users."""

from collections.abc import Iterable, Sequence
from typing import Any

from messaging.protocol.events import Event, encode_event
from messaging.services.chat import Chat


async def fan_out(chat: Chat, *, nodes: Iterable[str], users: Sequence[int], frame: str, skip: object = None) -> None:
    """Sends a frame to `users` on `nodes`; on this node to all but `skip`, the socket that has its answer already.

    Never waits for a server. What other nodes do not get in time, their devices find by their cursors.
    """
    others = []
    for node in nodes:
        if node == chat.node:
            chat.hub.deliver(users, frame, skip)
        else:
            others.append(f"node.{node}")
    if others:
        await chat.layer.send_all(others, {"type": "packet", "users": users, "frame": frame})


async def tell(chat: Chat, users: Sequence[int], event: Event, *, skip: object = None) -> None:
    """Tells users something that is not kept: who is not connected does not hear of it."""
    if nodes := await chat.inbox.nodes_of(users):
        await fan_out(chat, nodes=nodes, users=users, frame=encode_event(event), skip=skip)


def receive_packets(chat: Chat) -> None:
    """From now on packets for this node go to its sockets. In a distributed instance `chat.layer.ready()` tells when it is heard."""

    def receive(packet: dict[str, Any]) -> None:
        chat.hub.deliver(packet["users"], packet["frame"])

    chat.layer.attach(chat.channel, receive)
