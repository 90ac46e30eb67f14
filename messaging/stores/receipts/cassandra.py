"""The table of receipts in Cassandra, which is written behind.

The time of a write is the value it writes: of two the higher wins, whichever comes first, from whatever node.
"""

import asyncio
from collections.abc import Sequence

from chatsite.core.cassandra import CassandraOptions, CassandraSession, Statement
from messaging.protocol.types import Mark

BATCH_ROWS = 50

_READ = "SELECT user_id, read, delivered FROM receipt WHERE conversation_id = ?"
_RAISE_READ = "UPDATE receipt USING TIMESTAMP ? SET read = ? WHERE conversation_id = ? AND user_id = ?"
_RAISE_DELIVERED = "UPDATE receipt USING TIMESTAMP ? SET delivered = ? WHERE conversation_id = ? AND user_id = ?"


class StoredMarks:
    """Raises Unavailable."""

    def __init__(self, options: CassandraOptions) -> None:
        self._cassandra = CassandraSession.open(options)

    async def close(self) -> None:
        await self._cassandra.close()

    async def read(self, conversation: int) -> list[Mark]:
        rows = await self._cassandra.read(_READ, (conversation,))
        return [
            Mark(conversation, user, read=read or 0, delivered=max(delivered or 0, read or 0)) for user, read, delivered in rows
        ]

    async def write(self, marks: Sequence[Mark]) -> None:
        """All of them, or some and an error: write them again."""
        by_conversation: dict[int, list[Mark]] = {}
        for mark in marks:
            by_conversation.setdefault(mark.conversation, []).append(mark)
        batches = (
            some[start : start + BATCH_ROWS] for some in by_conversation.values() for start in range(0, len(some), BATCH_ROWS)
        )
        for failure in await asyncio.gather(*map(self._write, batches), return_exceptions=True):
            if failure is not None:
                raise failure

    async def _write(self, marks: Sequence[Mark]) -> None:
        await self._cassandra.write([statement for mark in marks for statement in _statements(mark)])


def _statements(mark: Mark) -> list[Statement]:
    columns = ((_RAISE_READ, mark.read), (_RAISE_DELIVERED, mark.delivered))
    return [(cql, (value, value, mark.conversation, mark.user)) for cql, value in columns if value]
