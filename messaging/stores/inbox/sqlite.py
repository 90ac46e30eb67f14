"""The inbox in the message file. Who is connected and what devices acknowledged is kept in memory."""

from collections import OrderedDict
from collections.abc import Sequence

from chatsite.core.clock import Clock, clock
from messaging.stores.inbox.base import Acknowledgement, Entry, Lost, Reach, Slice, Spread
from messaging.stores.log.sqlite import encode
from messaging.stores.sqlite import MessageFile

DEVICES_KEPT = 100_000
POSITIONS_SKIPPED = 1_000_000

_SPREAD = """
INSERT INTO inbox (position, user_id, kind, conversation_id, seq, at)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?)"""
_READ = "SELECT position, kind, conversation_id, seq FROM inbox WHERE user_id = ? AND position > ? ORDER BY position LIMIT ?"
_LAST = """
SELECT MAX(COALESCE((SELECT MAX(position) FROM inbox WHERE user_id = :user), 0),
COALESCE((SELECT position FROM inbox_floor WHERE user_id = :user), 0))"""
_FLOOR = "SELECT COALESCE((SELECT position FROM inbox_floor WHERE user_id = ?), 0)"
# Positions grow over the whole file, so after a trim of everything the floors alone still tell where to go on.
_HIGHEST = "SELECT MAX(COALESCE((SELECT MAX(position) FROM inbox), 0), COALESCE((SELECT MAX(position) FROM inbox_floor), 0))"
# A look over the whole table, which a reader takes; the writer, whom every send waits for, then touches these users' entries only.
_TO_TRIM = "SELECT user_id, COUNT(*) > :keep FROM inbox GROUP BY user_id HAVING COUNT(*) > :keep OR MIN(at) < :after"
_RAISE_FLOOR_OF_FULL = """
INSERT INTO inbox_floor SELECT u.value, (SELECT position FROM inbox WHERE user_id = u.value ORDER BY position DESC LIMIT 1 OFFSET :keep)
FROM json_each(:full) AS u WHERE true ON CONFLICT (user_id) DO UPDATE SET position = MAX(position, excluded.position)"""
_RAISE_FLOOR_OF_OLD = """
INSERT INTO inbox_floor SELECT user_id, MAX(position) FROM inbox
WHERE user_id IN (SELECT value FROM json_each(:users)) AND at < :after GROUP BY user_id
ON CONFLICT (user_id) DO UPDATE SET position = MAX(position, excluded.position)"""
_DROP_BELOW_FLOOR = """
DELETE FROM inbox WHERE user_id IN (SELECT value FROM json_each(:users))
AND position <= (SELECT position FROM inbox_floor AS f WHERE f.user_id = inbox.user_id)"""


class SqliteInbox:
    """Positions are one growing number for the whole file: per user they rise with gaps, which readers do not mind."""

    epoch = 1

    def __init__(self, path: str, clock: Clock = clock) -> None:
        self._file = MessageFile.open(path)
        self._clock = clock
        ((highest,),) = self._file.read_now(_HIGHEST)
        # Power loss may have taken the last entries, positions that devices hold as cursors already: never give one of those again.
        self._position = highest + POSITIONS_SKIPPED
        self._nodes: dict[int, tuple[str, ...]] = {}
        self._last: dict[int, int] = {}  # last position of registered users
        self._acknowledged: OrderedDict[int, dict[int, int]] = OrderedDict()

    async def close(self) -> None:
        self._file.close()

    async def spread(self, spreads: Sequence[Spread]) -> list[Reach]:
        now = self._clock.now_ms()
        rows: list[tuple[object, ...]] = []
        reached: list[Reach] = []
        for spread in spreads:
            entry = spread.entry
            found: set[str] = set()
            for user in spread.users:
                self._position += 1
                rows.append((self._position, user, entry.kind, entry.conversation, entry.seq, now))
                if here := self._nodes.get(user):
                    found.update(here)
                    self._last[user] = self._position
            reached.append(Reach(tuple(found)))
        await self._file.write(_SPREAD, parameters=(encode(rows),), durable=False)
        return reached

    async def register(self, user: int, node: str) -> None:
        self._nodes[user] = tuple({*self._nodes.get(user, ()), node})
        # Nothing to write: it returns after the writes before it, so that entries which were on their way, unnamed, can be read now.
        await self._file.write(parameters=(), durable=False)
        ((last,),) = await self._file.read(_LAST, {"user": user})
        self._last[user] = max(self._last.get(user, 0), last)

    async def unregister(self, user: int, node: str) -> None:
        rest = tuple(name for name in self._nodes.get(user, ()) if name != node)
        if rest:
            self._nodes[user] = rest
        else:
            self._nodes.pop(user, None)
            self._last.pop(user, None)

    async def refresh(self, *, fully: bool = False) -> None:
        """Nothing to do: all that is known here happened in this process."""

    async def nodes_of(self, users: Sequence[int]) -> tuple[str, ...]:
        return tuple({node for user in users for node in self._nodes.get(user, ())})

    async def cursor(self, user: int) -> str:
        last = self._last.get(user)
        if last is None:
            ((last,),) = await self._file.read(_LAST, {"user": user})
        return f"{self.epoch}.{last}"

    async def read(self, user: int, *, cursor: str, limit: int) -> Slice | Lost:
        epoch, _, position = cursor.partition(".")
        if not (epoch.isdecimal() and position.isdecimal() and len(cursor) < 40) or int(position) > self._position:
            return Lost(await self.cursor(user), "unknown")
        if int(epoch) != self.epoch:
            return Lost(await self.cursor(user), "epoch")
        ((floor,),) = await self._file.read(_FLOOR, (user,))
        if int(position) < floor:
            return Lost(await self.cursor(user), "trimmed")
        rows = await self._file.read(_READ, (user, int(position), limit + 1))
        more = len(rows) > limit
        rows = rows[:limit]
        last = rows[-1][0] if rows else int(position)
        entries = [Entry(kind=kind, conversation=conversation, seq=seq) for _, kind, conversation, seq in rows]
        return Slice(entries, f"{self.epoch}.{last}", more)

    async def acknowledge(self, acknowledgements: Sequence[Acknowledgement]) -> None:
        for acknowledgement in acknowledgements:
            device = self._acknowledged.setdefault(acknowledgement.device, {})
            self._acknowledged.move_to_end(acknowledgement.device)
            device[acknowledgement.conversation] = max(device.get(acknowledgement.conversation, 0), acknowledgement.seq)
        while len(self._acknowledged) > DEVICES_KEPT:
            self._acknowledged.popitem(last=False)

    async def acknowledged(self, devices: Sequence[int], conversation: int) -> list[int]:
        return [self._acknowledged.get(device, {}).get(conversation, 0) for device in devices]

    async def trim(self, *, keep_entries: int, keep_after: int) -> None:
        found = await self._file.read(_TO_TRIM, {"keep": keep_entries, "after": keep_after})
        if not found:
            return
        users, full = [user for user, _ in found], [user for user, is_full in found if is_full]
        bounds = {"users": encode(users), "full": encode(full), "keep": keep_entries, "after": keep_after}
        await self._file.write(_RAISE_FLOOR_OF_FULL, _RAISE_FLOOR_OF_OLD, _DROP_BELOW_FLOOR, parameters=bounds, durable=False)
