"""What a contract suite needs of a set of adapters: the ports, a clock that moves, and a way to start anew on the same data."""

import secrets
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from messaging.protocol.types import Draft, Message
from messaging.stores.inbox.base import Inbox
from messaging.stores.log.base import MessageLog
from messaging.stores.receipts.base import Receipts
from messaging.stores.sequencer.base import Allocation, New, Sequencer
from tests.contracts.clock import MovableClock


class Rig(ABC):
    """The four stores that belong together. Suites use ids of their own, so that one server may serve them all."""

    sequencer: Sequencer
    log: MessageLog
    inbox: Inbox
    receipts: Receipts

    def __init__(self) -> None:
        self.clock = MovableClock()

    @abstractmethod
    async def open(self) -> None: ...

    @abstractmethod
    async def close(self) -> None: ...

    async def reopen(self) -> None:
        """As after a restart of the process: what was promised to be kept is there."""
        await self.close()
        await self.open()

    async def number(self, *drafts: Draft, mv: int = 0) -> list[Message]:
        """Allocates drafts that are new."""
        messages = []
        for outcome in await self.sequencer.allocate([wish(draft, mv=mv, checked=True) for draft in drafts]):
            assert isinstance(outcome, New), outcome
            messages.append(outcome.message)
        return messages

    async def release(self, messages: Sequence[Message]) -> None:
        """Stores and commits."""
        await self.log.store(messages)
        await self.sequencer.commit(messages)

    async def send(self, *drafts: Draft, mv: int = 0) -> list[Message]:
        """Numbers, stores and commits new drafts, not more at once than a sequencer takes."""
        sent: list[Message] = []
        for start in range(0, len(drafts), 100):
            numbered = await self.number(*drafts[start : start + 100], mv=mv)
            await self.release(numbered)
            sent += numbered
        return sent


def some_id() -> int:
    """An id that no other test uses."""
    return secrets.randbelow(2**62) + 1


def draft(conversation: int, text: str = "hello", **fields: Any) -> Draft:
    return Draft(**{"conversation": conversation, "sender": 7, "client_id": str(uuid4()), "kind": "text", "text": text, **fields})


def wish(wanted: Draft, *, mv: int = 0, sets_mv: bool = False, checked: bool = False) -> Allocation:
    return Allocation(wanted, wanted.digest, mv, sets_mv, checked)
