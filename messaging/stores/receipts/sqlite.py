"""Receipts: recent marks in memory, written behind into the message file."""

from collections import OrderedDict
from collections.abc import Sequence

from messaging.protocol.types import Mark
from messaging.stores.log.sqlite import encode
from messaging.stores.sqlite import MessageFile

KEPT = 200_000

_LOAD = """
SELECT k.value ->> 0, k.value ->> 1, COALESCE(r.read, 0), COALESCE(r.delivered, 0)
FROM json_each(?) AS k LEFT JOIN receipt AS r ON conversation_id = k.value ->> 0 AND user_id = k.value ->> 1 ORDER BY k.key"""
_OF_CONVERSATION = "SELECT conversation_id, user_id, read, delivered FROM receipt WHERE conversation_id = ?"
_STORE = """
INSERT INTO receipt (conversation_id, user_id, read, delivered)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?) WHERE true
ON CONFLICT (conversation_id, user_id) DO UPDATE SET read = MAX(read, excluded.read), delivered = MAX(delivered, excluded.delivered)"""

_Key = tuple[int, int]  # conversation and user


class SqliteReceipts:
    """A mark is loaded once, raised in memory, and stored by `flush`, which `messaging.services.upkeep` calls every second."""

    def __init__(self, path: str) -> None:
        self._file = MessageFile.open(path)
        self._marks: OrderedDict[_Key, Mark] = OrderedDict()
        self._dirty: dict[int, dict[int, Mark]] = {}  # conversation → user → mark that is not stored yet

    async def close(self) -> None:
        self._file.close()

    async def mark(self, marks: Sequence[Mark]) -> list[Mark]:
        await self._load([(mark.conversation, mark.user) for mark in marks])
        moved: dict[_Key, Mark] = {}
        for mark in marks:
            key = (mark.conversation, mark.user)
            current = self._marks[key]
            read = max(current.read, mark.read)
            raised = Mark(mark.conversation, mark.user, read=read, delivered=max(current.delivered, mark.delivered, read))
            if raised != current:
                self._marks[key] = moved[key] = raised
                self._dirty.setdefault(mark.conversation, {})[mark.user] = raised
        return list(moved.values())

    async def of_user(self, user: int, conversations: Sequence[int]) -> list[Mark]:
        await self._load([(conversation, user) for conversation in conversations])
        return [self._marks[conversation, user] for conversation in conversations]

    async def of_conversation(self, conversation: int) -> list[Mark]:
        rows = await self._file.read(_OF_CONVERSATION, (conversation,))
        marks = {user: Mark(conversation, user, read=read, delivered=delivered) for _, user, read, delivered in rows}
        marks |= self._dirty.get(conversation, {})
        return list(marks.values())

    async def flush(self) -> None:
        dirty, self._dirty = self._dirty, {}
        if not dirty:
            return
        rows = [(mark.conversation, mark.user, mark.read, mark.delivered) for marks in dirty.values() for mark in marks.values()]
        try:
            await self._file.write(_STORE, parameters=(encode(rows),), durable=False)
        except Exception:
            for conversation, marks in dirty.items():
                self._dirty[conversation] = {**marks, **self._dirty.get(conversation, {})}
            raise

    async def _load(self, keys: list[_Key]) -> None:
        missing = [key for key in keys if key not in self._marks]
        if missing:
            for conversation, user, read, delivered in await self._file.read(_LOAD, (encode(missing),)):
                self._marks.setdefault((conversation, user), Mark(conversation, user, read=read, delivered=delivered))
        wanted = set(keys)
        while len(self._marks) > KEPT:
            key, mark = self._marks.popitem(last=False)
            if mark.user in self._dirty.get(mark.conversation, {}) or key in wanted:
                self._marks[key] = mark
                break
