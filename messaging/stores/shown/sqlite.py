"""Notices on devices, in the message file."""

from collections.abc import Sequence

from messaging.stores.log.sqlite import encode
from messaging.stores.shown.base import Shown
from messaging.stores.sqlite import MessageFile

_NOTE = """
INSERT INTO shown (user_id, conversation_id, device_id, seq)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?) WHERE true
ON CONFLICT (user_id, conversation_id, device_id) DO UPDATE SET seq = MAX(seq, excluded.seq)"""
_OF = """
SELECT k.key, device_id, seq FROM json_each(?) AS k CROSS JOIN shown ON user_id = k.value ->> 0 AND conversation_id = k.value ->> 1"""
_TAKE = """
DELETE FROM shown WHERE (user_id, conversation_id, device_id, seq) IN (
    SELECT s.user_id, s.conversation_id, s.device_id, s.seq FROM json_each(?) AS k CROSS JOIN shown AS s
    ON s.user_id = k.value ->> 0 AND s.conversation_id = k.value ->> 1 AND s.device_id = k.value ->> 2 AND s.seq <= k.value ->> 3)"""


class SqliteShownNotices:
    def __init__(self, path: str) -> None:
        self._file = MessageFile.open(path)

    async def close(self) -> None:
        self._file.close()

    async def note(self, notices: Sequence[Shown]) -> None:
        await self._file.write(_NOTE, parameters=(_rows(notices),), durable=False)

    async def of(self, readers: Sequence[tuple[int, int]]) -> list[dict[int, int]]:
        found: list[dict[int, int]] = [{} for _ in readers]
        for key, device, seq in await self._file.read(_OF, (encode(list(readers)),)):
            found[key][device] = seq
        return found

    async def take(self, notices: Sequence[Shown]) -> None:
        await self._file.write(_TAKE, parameters=(_rows(notices),), durable=False)


def _rows(notices: Sequence[Shown]) -> str:
    return encode([(one.user, one.conversation, one.device, one.seq) for one in notices])
