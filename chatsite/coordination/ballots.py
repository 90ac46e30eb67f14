"""Which life every shard is in: one partition in Cassandra, changed by light-weight transactions, so that all nodes agree.

Epochs are global and ordered: opening any shard takes the next number of all.
"""

from dataclasses import dataclass, field

from chatsite.core.cassandra import CassandraOptions, CassandraSession

READ_SECONDS = 1.0
_MOVING = "moving "  # before an address in the table at which nothing may begin yet

_READ = "SELECT shard, epoch, address, last FROM shard WHERE part = 'shards'"
_OPEN = "UPDATE shard SET last = ?, epoch = ?, address = ? WHERE part = 'shards' AND shard = ? IF last = ?"
_FIRST = "UPDATE shard SET last = ?, epoch = ?, address = ? WHERE part = 'shards' AND shard = ? IF last = null"


@dataclass(frozen=True)
class Life:
    """One life of a shard, and where it is lived. While it `is_moving` it has not begun: some nodes may still go by the old address."""

    epoch: int
    address: str
    is_moving: bool = False


@dataclass(frozen=True)
class Table:
    """All shards as they stood at one moment."""

    last: int = 0
    lives: dict[int, Life] = field(default_factory=dict)


class Ballots:
    """Raises `chatsite.core.errors.Unavailable` when no quorum answers."""

    def __init__(self, options: CassandraOptions) -> None:
        self._cassandra = CassandraSession.open(options)

    async def close(self) -> None:
        await self._cassandra.close()

    async def read(self) -> Table:
        rows = await self._cassandra.read(_READ, (), serial=True, seconds=READ_SECONDS)
        lives = {
            shard: Life(epoch, address.removeprefix(_MOVING), address.startswith(_MOVING))
            for shard, epoch, address, _ in rows
            if shard is not None
        }
        return Table(last=max((last or 0 for *_, last in rows), default=0), lives=lives)

    async def begin(self, shard: int, address: str, table: Table, *, is_moving: bool = False) -> int | None:
        """Begins a new life of a shard: its epoch, or None when somebody else began one of any shard since `table` was read."""
        epoch = table.last + 1
        values = (epoch, epoch, _MOVING + address if is_moving else address, shard)
        begun = await (
            self._cassandra.decide(_OPEN, (*values, table.last)) if table.last else self._cassandra.decide(_FIRST, values)
        )
        return epoch if begun else None
