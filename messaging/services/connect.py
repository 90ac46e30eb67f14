"""Hands out the nodes a device may connect to, each with a ticket, and takes tickets back."""

import asyncio
import re

from chatsite.core.errors import Unavailable
from chatsite.discovery.base import Discovery
from messaging.protocol.events import Door
from messaging.services.chat import Chat
from messaging.stores.tickets.base import Holder

TICKET_SECONDS = 60
NO_NODE_SECONDS = 2.0
REGION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")


async def find_doors(chat: Chat, discovery: Discovery, *, user: int, device: int, region: str = "") -> list[Door]:
    """The nodes to try, best first, each with a ticket. `url` is empty for the node that serves the page itself.

    Raises Unavailable when there is none.
    """
    nodes = await discovery.nodes_for(region)
    if not nodes:
        raise Unavailable("No chat server is there right now", retry_after=NO_NODE_SECONDS)
    holder = Holder(user, device)
    tickets = await asyncio.gather(*(chat.tickets.issue(holder, node=node.name, ttl_seconds=TICKET_SECONDS) for node in nodes))
    return [Door(node.url, ticket) for node, ticket in zip(nodes, tickets, strict=True)]


def region_of(*, told_by_proxy: str, hint: str, trusted_proxies: int) -> str:
    """Where a client is: the word of a proxy of ours, which knows addresses, before the client's own. "" when nobody knows."""
    if trusted_proxies > 0 and REGION.fullmatch(told_by_proxy):
        return told_by_proxy
    return hint
