"""One chat node: everything a process needs to hold sockets and move messages, started once on its event loop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar, cast

from channels.db import database_sync_to_async
from django.apps import apps
from django.conf import settings

from accounts.services.activity import devices_revoked_within, note_last_active
from chatsite.core.backends import load
from chatsite.core.clock import clock
from chatsite.core.errors import Unavailable
from chatsite.core.outages import refusal_of
from chatsite.discovery.base import Discovery, Load
from chatsite.edge import sessions
from messaging.services.chat import Chat, close_chat, open_chat
from messaging.services.drain import move_everybody
from messaging.services.fanout import receive_packets
from messaging.services.gap import Gaps
from messaging.services.limits import Limits
from messaging.services.membership import finish_pending
from messaging.services.owed import finish_owed
from messaging.services.people import Surroundings
from messaging.services.push.pusher import claim_and_look, open_pusher
from messaging.services.push.withdraw import Withdrawals
from messaging.services.receipts import ReceiptBuffer, flush_receipts
from messaging.services.send import SendRoad
from messaging.services.silence import close_silent
from messaging.services.ties import Ties
from notifications.services.subscriptions import forget_revoked
from presence.services.online import Online
from presence.stores.base import PresenceStore

if TYPE_CHECKING:
    from chatsite.discovery.apps import DiscoveryConfig

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

INBOX_ENTRIES = 5_000
INBOX_DAYS = 30
REVOCATION_WINDOW_SECONDS = 90  # longer than a ticket lives: nobody connects with one after the revocation was swept
ANSWER_SECONDS = 5.0
REVOKED_SECONDS = 3_600.0  # longer than until the next look, and than a node is away to be started anew
PENDING_SECONDS = 5.0  # a membership change that takes longer was left half way
ROLES_OF_SOCKETS = {"all", "node"}
ROLES_OF_REST = {"all", "api"}


class Node:
    """Call it from its event loop."""

    def __init__(self, chat: Chat, discovery: Discovery) -> None:
        self.chat = chat
        self.discovery = discovery
        self.road = SendRoad(chat)
        self.receipts = ReceiptBuffer()
        store = load("PRESENCE", PresenceStore)  # type: ignore[type-abstract]
        self.online = Online(store, node=chat.node, layer=chat.layer, circle=Surroundings(chat))
        self.ties = Ties(chat, self.online)
        self.limits = Limits()
        self.is_draining = False
        self._gaps = Gaps(chat)
        self._pusher = open_pusher(chat, self.online)
        self._withdrawals = Withdrawals()
        self._chores: list[asyncio.Task[None]] = []
        self.loop = asyncio.get_running_loop()

    async def start(self) -> None:
        """Finishes what the last process left, then looks after the node until `stop`, and lets clients be sent here."""
        await self.discovery.start(watch=settings.ROLE in ROLES_OF_REST)
        receive_packets(self.chat)
        self.online.open()
        self.chat.layer.on_gap(self._gaps.compare_soon)
        await self.chat.layer.ready()  # heard before anybody is registered here
        sessions.serve_on(asyncio.get_running_loop())
        finished = await finish_pending(self.chat, self.road), await finish_owed(self.chat, whose="all")
        if any(finished):
            logger.info("finished %d membership changes and %d messages of the last run", *finished)
        chores = [(1.0, self._flush), (1.0, self._withdraw), (1.0, self.ties.follow)]
        if settings.ROLE in ROLES_OF_SOCKETS:
            chores += [
                (1.0, self._sweep_presence),
                (1.0, self.online.tell_contacts),
                (1.0, self._push),
                (1.0, self._repair),
                (2.0, self._close_silent),
                (2.0, self._announce),
                (3.0, self._close_revoked),
                (5.0, self._repair_groups),
                (1.0, self._refresh),
                (600.0, self._trim),
                (600.0, self._forget_revoked),
            ]
        self._chores = [asyncio.create_task(_repeat(seconds, chore)) for seconds, chore in chores]
        await self._announce()

    async def drain(self) -> None:
        """Before `stop`: nobody is sent here any more, and whoever is here is told to go elsewhere."""
        self.is_draining = True
        await self._announce()
        await move_everybody(self.chat.hub, over_seconds=settings.DRAIN_SECONDS)

    async def stop(self) -> None:
        """Stops looking after; sends under way get their answer and receipts are written first."""
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        await self._gaps.close()
        await self._pusher.close()
        await self.discovery.close()
        await self.road.drain()
        await self._flush()
        sessions.serve_on(None)
        await self.online.close()
        await self.chat.layer.close()
        await close_chat(self.chat)

    async def _announce(self) -> None:
        if settings.ROLE in ROLES_OF_SOCKETS:
            load = Load(len(self.chat.hub.connections()), settings.NODE_CAPACITY, self.is_draining)
            await self.discovery.announce(load)

    async def _flush(self) -> None:
        await flush_receipts(self.chat, self.receipts, self._withdrawals.add)

    async def _sweep_presence(self) -> None:
        gone = await self.online.sweep()
        if gone:
            await database_sync_to_async(note_last_active)(
                {presence.user: presence.last_active_at or clock.now_ms() for presence in gone}
            )

    async def _push(self) -> None:
        await claim_and_look(self.chat, self._pusher, now=clock.now_ms())

    async def _withdraw(self) -> None:
        """Whoever reads on one device is not told of it on the others."""
        if notices := await self._withdrawals.take(self.chat):
            await self._pusher.withdraw(notices)

    async def _close_silent(self) -> None:
        close_silent(self.chat.hub)

    async def _close_revoked(self) -> None:
        """Revocations of other processes (an admin's shell, another api) reach the sockets here within 3 s."""
        if self.chat.hub.connections():
            sessions.close_devices(await database_sync_to_async(devices_revoked_within)(REVOCATION_WINDOW_SECONDS))

    async def _repair(self) -> None:
        """What failed half way while a store was away, or on a node that died: what was acked gets into the inboxes."""
        await finish_owed(self.chat)

    async def _repair_groups(self) -> None:
        """Changes that were left half way: their groups can change and talk again."""
        await finish_pending(self.chat, self.road, older_than_seconds=PENDING_SECONDS)

    async def _refresh(self) -> None:
        await self.chat.inbox.refresh()

    async def _trim(self) -> None:
        await self.chat.inbox.trim(keep_entries=INBOX_ENTRIES, keep_after=clock.now_ms() - INBOX_DAYS * 86_400_000)

    async def _forget_revoked(self) -> None:
        await database_sync_to_async(forget_revoked)(within_seconds=REVOKED_SECONDS)


async def _repeat(seconds: float, chore: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await chore()
        except Exception as error:
            name = getattr(chore, "__name__", chore)
            if refusal_of(error) is None:
                logger.exception("%s failed; it is tried again", name)
            else:  # a server is away: a traceback every second would hide what matters
                logger.warning("%s: %s; it is tried again", name, error)


_node: Node | None = None
_starting = asyncio.Lock()


async def get_node() -> Node:
    """This process's node, started on first use: a server without lifespan events (daphne) has no better moment."""
    global _node
    if _node is None:
        async with _starting:
            if _node is None:
                _node = await start_node()
    return _node


def ask_node(question: Callable[[Node], Coroutine[Any, Any, Answer]]) -> Answer:
    """Asks this process's node from a thread that serves a request. Raises Unavailable where none runs, or does not answer in time."""
    if _node is None:
        raise Unavailable
    asked = asyncio.run_coroutine_threadsafe(question(_node), _node.loop)
    try:
        return asked.result(ANSWER_SECONDS)
    except TimeoutError:
        asked.cancel()
        raise Unavailable from None


async def start_node() -> Node:
    """Raises StartupRefused, when another process owns the message file for one."""
    discovery = cast("DiscoveryConfig", apps.get_app_config("chatsite_discovery")).discovery
    node = Node(await open_chat(node=settings.NODE_NAME), discovery)
    await node.start()
    return node


async def stop_node() -> None:
    global _node
    if _node is not None:
        node, _node = _node, None
        await node.stop()


async def drain_node() -> None:
    """Sends everybody on this process's node elsewhere, if it was ever started."""
    if _node is not None:
        await _node.drain()
