"""One packet per node: how an encoded frame reaches the sockets of many users."""

from collections.abc import Iterable, Sequence
from typing import Any

from messaging.protocol.events import Event, encode_event
from messaging.services.chat import Chat


async def fan_out(chat: Chat, *, nodes: Iterable[str], users: Sequence[int], frame: str, skip: object = None) -> None:
    """Sends a frame to `users` on `nodes`. `skip` is the socket that has its answer already; it is known on its own node only."""
    for node in nodes:
        await chat.layer.send(f"node.{node}", {"type": "packet", "users": users, "frame": frame, "skip": skip})


async def tell(chat: Chat, users: Sequence[int], event: Event, *, skip: object = None) -> None:
    """Tells users something that is not kept: who is not connected does not hear of it."""
    if nodes := await chat.inbox.nodes_of(users):
        await fan_out(chat, nodes=nodes, users=users, frame=encode_event(event), skip=skip)


def receive_packets(chat: Chat) -> None:
    """From now on packets for this node go to its sockets."""

    def receive(packet: dict[str, Any]) -> None:
        chat.hub.deliver(packet["users"], packet["frame"], packet["skip"])

    chat.layer.attach(chat.channel, receive)
