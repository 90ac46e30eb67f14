"""The inbox in the message file. Who is connected and what devices acknowledged is kept in memory."""

from collections import OrderedDict
from collections.abc import Sequence

from chatsite.core.clock import Clock, clock
from messaging.stores.inbox.base import Acknowledgement, Entry, Lost, Reach, Slice, Spread
from messaging.stores.log.sqlite import encode
from messaging.stores.sqlite import MessageFile, audience_of

DEVICES_KEPT = 100_000
AUDIENCES_KEPT = 50_000
POSITIONS_SKIPPED = 1_000_000

_SPREAD = """
INSERT INTO inbox (position, audience, kind, conversation_id, seq, at)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(:rows)"""
_INTRODUCE = """
INSERT OR IGNORE INTO audience (user_id, audience) SELECT u.value, a.value ->> 0
FROM json_each(:audiences) AS a, json_each(a.value ->> 1) AS u"""
# CROSS keeps the order of the tables: a person has few audiences, and the planner might begin with all entries.
_READ = """
SELECT i.position, i.kind, i.conversation_id, i.seq FROM audience AS a CROSS JOIN inbox AS i ON i.audience = a.audience
WHERE a.user_id = ? AND i.position > ? ORDER BY i.position LIMIT ?"""
_LAST = """
SELECT MAX(COALESCE((SELECT MAX((SELECT MAX(position) FROM inbox WHERE audience = a.audience)) FROM audience AS a WHERE user_id = :user), 0),
COALESCE((SELECT position FROM inbox_floor WHERE user_id = :user), 0))"""
_FLOOR = "SELECT COALESCE((SELECT position FROM inbox_floor WHERE user_id = ?), 0)"
# Positions grow over the whole file, so after a trim of everything the floors alone still tell where to go on.
_HIGHEST = "SELECT MAX(COALESCE((SELECT MAX(position) FROM inbox), 0), COALESCE((SELECT MAX(position) FROM inbox_floor), 0))"
# Looks over whole tables, which a reader takes; the writer, whom every send waits for, then touches what was found only. The floors that
# are wanted: of who has too many entries, the highest that goes; of who has old ones, the newest of these.
_FULL = """
SELECT a.user_id FROM inbox AS i JOIN audience AS a USING (audience) LEFT JOIN inbox_floor AS f ON f.user_id = a.user_id
WHERE i.position > COALESCE(f.position, 0) GROUP BY a.user_id HAVING COUNT(*) > :keep"""
_NTH = """
SELECT i.position FROM audience AS a CROSS JOIN inbox AS i ON i.audience = a.audience
WHERE a.user_id = ? ORDER BY i.position DESC LIMIT 1 OFFSET ?"""
_OLD = """
SELECT a.user_id, MAX(i.position) FROM inbox AS i JOIN audience AS a USING (audience) WHERE i.at < :after GROUP BY a.user_id"""
_RAISE_FLOORS = """
INSERT INTO inbox_floor SELECT value ->> 0, value ->> 1 FROM json_each(:floors) WHERE true
ON CONFLICT (user_id) DO UPDATE SET position = MAX(position, excluded.position)"""
# An entry goes once all of its audience are above it.
_DROP_BELOW_FLOORS = """
DELETE FROM inbox WHERE audience IN (SELECT audience FROM audience WHERE user_id IN (SELECT value ->> 0 FROM json_each(:floors)))
AND position <= (SELECT MIN(COALESCE(f.position, 0)) FROM audience AS a LEFT JOIN inbox_floor AS f USING (user_id)
WHERE a.audience = inbox.audience)"""
_DROP_EMPTY = """
DELETE FROM audience WHERE user_id IN (SELECT value ->> 0 FROM json_each(:floors))
AND NOT EXISTS (SELECT 1 FROM inbox WHERE inbox.audience = audience.audience)"""


class SqliteInbox:
    """One row for all whom a spread concerns: its audience, a set of people that is named by a hash of them and written when it is new.

    Positions are one growing number for the whole file: per user they rise with gaps, which readers do not mind.
    """

    epoch = 1

    def __init__(self, path: str, clock: Clock = clock) -> None:
        self._file = MessageFile.open(path)
        self._clock = clock
        ((highest,),) = self._file.read_now(_HIGHEST)
        # Power loss may have taken the last entries, positions that devices hold as cursors already: never give one of those again.
        self._position = highest + POSITIONS_SKIPPED
        self._introduced: OrderedDict[tuple[int, ...], int] = OrderedDict()  # audiences that are in the file, lately used ones
        self._nodes: dict[int, tuple[str, ...]] = {}
        self._last: dict[int, int] = {}  # last position of registered users
        self._acknowledged: OrderedDict[int, dict[int, int]] = OrderedDict()

    async def close(self) -> None:
        self._file.close()

    async def spread(self, spreads: Sequence[Spread]) -> list[Reach]:
        now = self._clock.now_ms()
        rows: list[tuple[object, ...]] = []
        strange: dict[tuple[int, ...], int] = {}
        reached: list[Reach] = []
        for spread in spreads:
            entry, users = spread.entry, spread.users
            if not users:
                reached.append(Reach(()))
                continue
            audience = self._introduced.get(users)
            if audience is None:
                audience = strange[users] = audience_of(users)
            else:
                self._introduced.move_to_end(users)
            self._position += 1
            rows.append((self._position, audience, entry.kind, entry.conversation, entry.seq, now))
            found: set[str] = set()
            for user in users:
                if here := self._nodes.get(user):
                    found.update(here)
                    self._last[user] = self._position
            reached.append(Reach(tuple(found)))
        if strange:
            people = encode([(audience, users) for users, audience in strange.items()])
            await self._file.write(_INTRODUCE, _SPREAD, parameters={"audiences": people, "rows": encode(rows)}, durable=False)
            self._remember(strange)
        else:
            await self._file.write(_SPREAD, parameters={"rows": encode(rows)}, durable=False)
        return reached

    def _remember(self, audiences: dict[tuple[int, ...], int]) -> None:
        self._introduced.update(audiences)
        while len(self._introduced) > AUDIENCES_KEPT:
            self._introduced.popitem(last=False)

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

    def known_cursor(self, user: int) -> str | None:
        last = self._last.get(user)
        return None if last is None else f"{self.epoch}.{last}"

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
        floors: dict[int, int] = {}
        for (user,) in await self._file.read(_FULL, {"keep": keep_entries}):
            ((position,),) = await self._file.read(_NTH, (user, keep_entries))
            floors[user] = position
        for user, position in await self._file.read(_OLD, {"after": keep_after}):
            floors[user] = max(floors.get(user, 0), position)
        if floors:
            self._introduced.clear()  # before any are dropped: who speaks from now on introduces them anew
            statements = (_RAISE_FLOORS, _DROP_BELOW_FLOORS, _DROP_EMPTY)
            await self._file.write(*statements, parameters={"floors": encode(list(floors.items()))}, durable=False)
