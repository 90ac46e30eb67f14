"""A connection to Cassandra: prepared statements, quorum, time-outs and bounds; it knows no table."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, ClassVar, TypedDict

import acsylla
from acsylla.errors import CassException

from chatsite.core.errors import Unavailable

IN_FLIGHT_MAX = 256
WAITING_MAX = 4_096
REQUEST_SECONDS = 5.0
CONNECT_SECONDS = 5.0

Row = tuple[Any, ...]
# CQL, and the values of its question marks. None stays unset: a bound null would write a tombstone.
Statement = tuple[str, Sequence[object]]


class CassandraOptions(TypedDict):
    """Where the tables are."""

    hosts: Sequence[str]
    port: int
    keyspace: str
    datacenter: str


class _TooMuch(Exception):
    """So many statements wait that another would only wait longer than its caller."""


class CassandraSession:
    """Connects at its first use, in the loop that uses it: a connection does not live through a fork. Reads and writes at LOCAL_QUORUM.

    `CassandraSession.open(**options)` gives every caller of the same options the same one; the last to close ends it.
    """

    _open: ClassVar[dict[str, "CassandraSession"]] = {}

    def __init__(self, *, hosts: Sequence[str], port: int, keyspace: str, datacenter: str) -> None:
        self._where = {"contact_points": list(hosts), "port": port, "load_balance_dc_aware": datacenter}
        self._keyspace = keyspace
        self._users = 0
        self._cluster: acsylla.Cluster | None = None  # the driver logs into it for as long as the session lives
        self._session: acsylla.Session | None = None
        self._prepared: dict[str, acsylla.PreparedStatement] = {}
        self._connecting = asyncio.Lock()
        self._room = asyncio.Semaphore(IN_FLIGHT_MAX)
        self._waiting = 0

    @classmethod
    def open(cls, options: CassandraOptions) -> "CassandraSession":
        key = repr(sorted(options.items()))
        session = cls._open.get(key)
        if session is None:
            session = cls._open[key] = cls(**options)
        session._users += 1
        return session

    async def close(self) -> None:
        self._users -= 1
        if self._users > 0:
            return
        for key, known in list(self._open.items()):
            if known is self:
                del self._open[key]
        session, self._session = self._session, None
        self._prepared.clear()
        if session is not None:
            await session.close()
        self._cluster = None

    async def read(
        self, cql: str, values: Sequence[object], *, serial: bool = False, seconds: float = REQUEST_SECONDS
    ) -> list[Row]:
        """All rows of a SELECT; `serial` for what `decide` writes. Raises Unavailable."""
        try:
            session = self._session or await self._connect()
            statement = await self._bound(session, cql, values)
            statement.set_timeout(seconds)
            if serial:
                statement.set_consistency(acsylla.Consistency.SERIAL)
            return [row.as_tuple() for row in await self._within_bounds(lambda: session.execute(statement))]
        except (CassException, _TooMuch) as error:
            raise Unavailable("History cannot be read now", retry_after=1) from error

    async def write(self, statements: Sequence[Statement]) -> None:
        """Statements of one partition, so that together they are one mutation. Raises Unavailable; then the outcome is unknown."""
        try:
            session = self._session or await self._connect()
            bound = [await self._bound(session, cql, values) for cql, values in statements]
            if len(bound) == 1:
                await self._within_bounds(lambda: session.execute(bound[0]))
            else:
                await self._within_bounds(lambda: session.execute_batch(_batch(bound)))
        except (CassException, _TooMuch) as error:
            raise Unavailable("History cannot be written now", retry_after=1) from error

    async def decide(self, cql: str, values: Sequence[object]) -> bool:
        """A light-weight transaction: whether its condition held. Raises Unavailable; then the outcome is unknown: read it, `serial`."""
        try:
            session = self._session or await self._connect()
            statement = await self._bound(session, cql, values, idempotent=False)
            statement.set_serial_consistency(acsylla.Consistency.SERIAL)
            rows = [row.as_tuple() for row in await self._within_bounds(lambda: session.execute(statement))]
        except (CassException, _TooMuch) as error:
            raise Unavailable("History cannot be written now", retry_after=1) from error
        return bool(rows and rows[0][0])

    async def _bound(
        self, session: acsylla.Session, cql: str, values: Sequence[object], *, idempotent: bool = True
    ) -> acsylla.Statement:
        prepared = self._prepared.get(cql)
        if prepared is None:
            prepared = self._prepared[cql] = await session.create_prepared(cql)
        statement = prepared.bind()
        for index, value in enumerate(values):
            if value is not None:
                statement.bind(index, value)
        statement.set_is_idempotent(idempotent)
        return statement

    async def _within_bounds(self, execute: Callable[[], Awaitable[Iterable[acsylla.Row]]]) -> Iterable[acsylla.Row]:
        if self._waiting >= WAITING_MAX:
            raise _TooMuch
        self._waiting += 1
        try:
            async with self._room:
                return await execute()
        finally:
            self._waiting -= 1

    async def _connect(self) -> acsylla.Session:
        async with self._connecting:
            if self._session is None:
                self._cluster = acsylla.create_cluster(
                    **self._where,
                    connect_timeout=CONNECT_SECONDS,
                    request_timeout=REQUEST_SECONDS,
                    consistency=acsylla.Consistency.LOCAL_QUORUM,
                    log_level="critical",  # what it calls errors is that Cassandra is not Scylla; failures come as exceptions
                    coalesce_delay_us=20,  # the driver's own 200 would be a good part of a write's latency
                )
                self._session = await self._cluster.create_session(keyspace=self._keyspace)
        return self._session


def _batch(statements: Sequence[acsylla.Statement]) -> acsylla.Batch:
    batch = acsylla.create_batch_unlogged()
    for statement in statements:
        batch.add_statement(statement)
    batch.set_consistency(acsylla.Consistency.LOCAL_QUORUM)
    batch.set_is_idempotent(True)
    return batch
