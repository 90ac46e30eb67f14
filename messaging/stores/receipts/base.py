"""The port of receipts: how far everybody has received and read; state, not a log."""

from collections.abc import Sequence
from typing import Protocol

from messaging.protocol.types import Mark


class Receipts(Protocol):
    """Marks only rise. What was marked in the last seconds may be lost with the process: clients repeat theirs in `hello`."""

    async def close(self) -> None: ...

    async def mark(self, marks: Sequence[Mark]) -> list[Mark]:
        """Raises each mark by maximum, never lower; answers with those that moved, as they now stand."""
        ...

    async def of_user(self, user: int, conversations: Sequence[int]) -> list[Mark]:
        """This user's marks, in the order asked; zeros where there are none."""
        ...

    async def of_conversation(self, conversation: int) -> list[Mark]:
        """Everybody's marks there."""
        ...

    async def flush(self) -> None:
        """Writes behind what is only in memory, if it is time to. A node calls it every second."""
        ...
