"""The parts of messaging, wired once per process; services take it as their first argument."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from chatsite.core.backends import load
from chatsite.edge.hub import Hub, hub
from chatsite.edge.layer import NodeLayer, layer
from messaging.services.members import MemberCache
from messaging.stores.inbox.base import Inbox
from messaging.stores.log.base import MessageLog
from messaging.stores.receipts.base import Receipts
from messaging.stores.sequencer.base import Sequencer
from messaging.stores.shown.base import ShownNotices
from messaging.stores.tickets.base import Tickets


class Store(Protocol):
    """What all stores have in common."""

    async def close(self) -> None: ...


Port = TypeVar("Port", bound=Store)


@dataclass
class Chat:
    """Ports, caches and the node's own sockets."""

    sequencer: Sequencer
    log: MessageLog
    inbox: Inbox
    receipts: Receipts
    tickets: Tickets
    shown: ShownNotices
    layer: NodeLayer
    hub: Hub
    node: str
    members: MemberCache = field(default_factory=MemberCache)

    @property
    def channel(self) -> str:
        """The channel on which this node hears packets."""
        return f"node.{self.node}"


async def open_chat(*, node: str) -> Chat:
    """Opens every store the settings name. Raises StartupRefused, for one when another process owns the message file."""
    opened: list[Store] = []

    def port(setting: str, protocol: type[Port]) -> Port:
        store = load(setting, protocol)
        opened.append(store)
        return store

    try:
        return Chat(
            sequencer=port("SEQUENCER", Sequencer),  # type: ignore[type-abstract]
            log=port("MESSAGE_LOG", MessageLog),  # type: ignore[type-abstract]
            inbox=port("INBOX", Inbox),  # type: ignore[type-abstract]
            receipts=port("RECEIPTS", Receipts),  # type: ignore[type-abstract]
            tickets=port("TICKETS", Tickets),  # type: ignore[type-abstract]
            shown=port("SHOWN", ShownNotices),  # type: ignore[type-abstract]
            layer=layer(),
            hub=hub,
            node=node,
        )
    except Exception:
        await _close(opened)
        raise


async def close_chat(chat: Chat) -> None:
    """Closes the stores; what was queued for writing is written first."""
    await _close([chat.sequencer, chat.log, chat.inbox, chat.receipts, chat.tickets, chat.shown])


async def _close(stores: Sequence[Store]) -> None:
    for store in stores:
        await store.close()
