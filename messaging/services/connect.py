"""Hands out the nodes a device may connect to, each with a ticket, and takes tickets back."""

import msgspec

from chatsite.discovery.base import Discovery
from messaging.services.chat import Chat
from messaging.stores.tickets.base import Holder

TICKET_SECONDS = 60


class Door(msgspec.Struct, frozen=True):
    """One node and the ticket that opens it. `url` is empty for the node that serves the page itself."""

    url: str
    ticket: str


async def find_doors(chat: Chat, discovery: Discovery, *, user: int, device: int, region: str = "") -> list[Door]:
    """The nodes to try, best first."""
    nodes = await discovery.nodes_for(user, region)
    return [
        Door(node.url, await chat.tickets.issue(Holder(user, device), node=node.name, ttl_seconds=TICKET_SECONDS))
        for node in nodes
    ]
