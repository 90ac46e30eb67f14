"""History in Cassandra.

Write timestamps, not clocks of servers, decide which write of a cell wins: a message's own time, so that storing it again, whenever that
arrives, writes the same cells; a redaction's is later than any. Nothing is ever deleted: a tombstone and a late write make half a row.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID, uuid5

import msgspec

from chatsite.core.cassandra import CassandraOptions, CassandraSession, Row
from chatsite.core.errors import Unavailable
from chatsite.core.together import together
from messaging.protocol.types import Message
from messaging.stores.log.base import NOTHING, PAGE_MAX, Change, NotStored, Wanted
from messaging.stores.log.probing import find_last
from messaging.stores.log.tails import Tails

BUCKET = 1_000
# The epoch of a row that blanks its seq, whatever other rows of that seq were or will be written: above every epoch of a sequencer.
REDACTED = 2**31 - 1
# Write timestamps are µs; this one is in the year 2255.
FAR = 9_000_000_000_000_000
NOBODY = UUID(int=0)
CHANGES = UUID("5b0f4f0e-2c57-4c0e-9c0b-5a2f3d1c7e11")
BATCH_ROWS = 50
BATCH_CHARACTERS = 50_000
SEARCHED_AT_ONCE = 8

COLUMNS = """conversation_id, seq, sender_id, client_id, sent_at, kind, text, event, digest, reply_to, mentions, mv, epoch, version,
edited_at, redacted_at"""
_PARTITION = "conversation_id = ? AND bucket = ?"
_STORE = f"INSERT INTO message ({COLUMNS}, bucket, released) VALUES ({', '.join('?' * 18)}) USING TIMESTAMP ?"  # noqa: S608
_PAGE = f"SELECT {COLUMNS} FROM message WHERE {_PARTITION} AND seq >= ? AND seq <= ?"  # noqa: S608
_ANY = f"SELECT seq, released FROM message WHERE {_PARTITION} LIMIT 1"  # noqa: S608
_MOMENT = f"SELECT sent_at FROM message WHERE {_PARTITION} LIMIT 1"  # noqa: S608
_ANY_CHANGE = f"SELECT rev FROM change WHERE {_PARTITION} LIMIT 1"  # noqa: S608
_SEARCH = f"""
SELECT seq FROM message WHERE {_PARTITION} AND seq > ? AND seq <= ? AND client_id = ? AND sender_id = ? ALLOW FILTERING"""  # noqa: S608
_MARK = f"""
INSERT INTO message (conversation_id, bucket, seq, epoch, client_id, redacted_at) VALUES (?, ?, ?, {REDACTED}, ?, ?)
USING TIMESTAMP {FAR}"""  # noqa: S608
_BLANK = f"""
UPDATE message USING TIMESTAMP {FAR} SET text = '', redacted_at = ? WHERE {_PARTITION} AND seq = ? AND epoch = ? AND client_id = ?"""  # noqa: S608
_RECORD = """
INSERT INTO change (conversation_id, bucket, rev, epoch, client_id, kind, seq, author_id, at) VALUES (?, ?, ?, ?, ?, 'redact', ?, ?, ?)
USING TIMESTAMP ?"""
_CHANGES = f"""
SELECT conversation_id, rev, kind, seq, author_id, at FROM change WHERE {_PARTITION} AND rev >= ? AND rev <= ? ORDER BY rev ASC"""  # noqa: S608


class _Row(NamedTuple):
    """A row of COLUMNS."""

    conversation: int
    seq: int
    sender: int
    client_id: UUID
    sent_at: int
    kind: Any
    text: str
    event: str | None
    digest: bytes
    reply_to: int | None
    mentions: str | None
    mv: int
    epoch: int
    version: int
    edited_at: int | None
    redacted_at: int | None


class End(msgspec.Struct, frozen=True):
    """A conversation's last seqs: `messages` ascending, those that count, with gaps where no try of a seq was stored."""

    first: int = 1
    top: int = 0  # the highest seq of which there is a row; 0: none
    released: int | None = None  # surely released up to here
    rev: int = 0
    latest: int = 0  # ms; the highest time of any row
    messages: Sequence[Message] = ()


class CassandraMessageLog:
    """Reads and writes at LOCAL_QUORUM: what was stored is seen by whoever reads later, with a minority of replicas away.

    `page` and `changes` read by arithmetic: seqs and revs are dense, so PAGE_MAX of them lie in at most two partitions.
    """

    def __init__(
        self, *, hosts: Sequence[str], port: int = 9042, keyspace: str = "chatsite", datacenter: str = "datacenter1"
    ) -> None:
        self._tails = Tails()
        self._cassandra = CassandraSession.open(
            CassandraOptions(hosts=hosts, port=port, keyspace=keyspace, datacenter=datacenter)
        )

    async def close(self) -> None:
        await self._cassandra.close()

    async def store(self, messages: Sequence[Message], *, released: Mapping[int, int] = NOTHING) -> None:
        lacking: set[int] = set()

        async def write(batch: list[Message]) -> None:
            conversation = batch[0].conversation
            try:
                await self._cassandra.write([(_STORE, _values(message, released.get(conversation))) for message in batch])
            except Unavailable:  # of this partition: the replicas of others may be well
                lacking.add(conversation)

        await together([write(batch) for batch in _batches(messages)])
        if lacking:
            raise NotStored(frozenset(lacking))

    async def page(self, conversation: int, *, first: int, last: int, rev: int = 0) -> list[Message]:
        first = max(first, last - PAGE_MAX + 1)
        return await self._tails.page(conversation, first=first, last=last, rev=rev, read=partial(self._read, conversation))

    async def _read(self, conversation: int, first: int, last: int) -> list[Message]:
        parts = await together(
            [self._cassandra.read(_PAGE, (conversation, bucket, first, last)) for bucket in reversed(_buckets(first, last))]
        )
        return list(_that_count(row for part in parts for row in part))[::-1]

    async def pick(self, keys: Sequence[tuple[int, int]]) -> list[Message]:
        found = await asyncio.gather(*(self._read(conversation, seq, seq) for conversation, seq in keys))
        return [message for page in found for message in page]

    async def find(self, wanted: Sequence[Wanted]) -> list[Message | None]:
        return list(await asyncio.gather(*map(self._find, wanted)))

    async def _find(self, want: Wanted) -> Message | None:
        """Bucket by bucket, upwards: the lowest seq is the one that was acknowledged."""
        buckets = await self._buckets_of(want)
        for start in range(0, len(buckets), SEARCHED_AT_ONCE):
            some = buckets[start : start + SEARCHED_AT_ONCE]
            found = await asyncio.gather(*(self._search(want, bucket) for bucket in some))
            for seq in sorted(seq for seqs in found for seq in seqs):
                (message,) = await self._read(want.conversation, seq, seq)
                if (message.sender, message.client_id) == (want.sender, want.client_id):  # not a try that lost to a later epoch
                    return message
            if not await self._cassandra.read(_ANY, (want.conversation, some[-1])):
                break  # seqs are dense: above an empty bucket there is nothing
        return None

    async def _buckets_of(self, want: Wanted) -> range:
        """Those in which it may be: a history of years is not searched for what was said today."""
        buckets = _buckets(want.after + 1, want.upto)
        if not want.since:
            return buckets

        async def are_recent(back: Sequence[int]) -> list[bool]:
            answers = await asyncio.gather(
                *(self._cassandra.read(_MOMENT, (want.conversation, buckets[-1 - n])) for n in back if n < len(buckets))
            )
            recent = [not rows or rows[0][0] is None or rows[0][0] >= want.since for rows in answers]  # in doubt it is
            return recent + [False] * (len(back) - len(recent))

        last = await find_last(are_recent)
        return buckets[:0] if last is None else buckets[len(buckets) - 1 - last :]

    async def _search(self, want: Wanted, bucket: int) -> list[int]:
        values = (want.conversation, bucket, want.after, want.upto, UUID(want.client_id), want.sender)
        return [seq for (seq,) in await self._cassandra.read(_SEARCH, values)]

    async def end(self, conversation: int, *, width: int) -> "End":
        """The last `width` seqs, as they stand in the tables: what a sequencer that lost its counters begins with."""
        last, revs = await asyncio.gather(self._last_bucket(_ANY, conversation), self._last_bucket(_ANY_CHANGE, conversation))
        rev = revs[1][0] if revs else 0
        if last is None:
            return End(rev=rev)
        bucket, (top, released) = last
        first = max(1, top - width + 1)
        buckets = [number for number in _buckets(first, top) if number != bucket]
        parts = await asyncio.gather(
            *(self._cassandra.read(_PAGE, (conversation, number, first, top)) for number in (bucket, *reversed(buckets)))
        )
        rows = [row for part in parts for row in part]
        latest = max(_Row(*row).sent_at or 0 for row in rows)
        return End(first=first, top=top, released=released, rev=rev, latest=latest, messages=list(_that_count(rows))[::-1])

    async def _last_bucket(self, cql: str, conversation: int) -> tuple[int, Row] | None:
        """The highest bucket that has rows, and its newest row."""
        found: dict[int, Row] = {}

        async def are_filled(buckets: Sequence[int]) -> list[bool]:
            answers = await asyncio.gather(*(self._cassandra.read(cql, (conversation, bucket)) for bucket in buckets))
            found.update((bucket, rows[0]) for bucket, rows in zip(buckets, answers, strict=True) if rows)
            return [bool(rows) for rows in answers]

        last = await find_last(are_filled)
        return None if last is None else (last, found[last])

    async def redact(self, conversation: int, seq: int, *, rev: int, author: int, at: int) -> None:
        """First the row that blanks the seq for every reader, then the texts themselves, then the change that tells others."""
        place = (conversation, seq // BUCKET)
        rows = [_Row(*row) for row in await self._cassandra.read(_PAGE, (*place, seq, seq))]
        tries = [row for row in rows if row.epoch != REDACTED]
        if not tries:
            return
        at = min([row.redacted_at for row in rows if row.redacted_at is not None], default=at)
        await self._cassandra.write([(_MARK, (*place, seq, NOBODY, at))])
        await self._cassandra.write([(_BLANK, (at, *place, seq, row.epoch, row.client_id)) for row in tries])
        self._tails.forget(conversation)
        values = (conversation, rev // BUCKET, rev, tries[0].epoch, uuid5(CHANGES, f"redact {seq}"), seq, author, at, at * 1_000)
        await self._cassandra.write([(_RECORD, values)])

    async def changes(self, conversation: int, *, above: int, limit: int) -> list[Change]:
        first, last = above + 1, above + limit
        parts = await asyncio.gather(
            *(self._cassandra.read(_CHANGES, (conversation, bucket, first, last)) for bucket in _buckets(first, last))
        )
        by_rev = {row[1]: Change(*row) for part in parts for row in reversed(part)}  # the first of a rev stays: the highest epoch
        return [by_rev[rev] for rev in sorted(by_rev)]


def _buckets(first: int, last: int) -> range:
    return range(first // BUCKET, last // BUCKET + 1)


def _batches(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """Those of one partition together, within what one mutation may hold."""
    by_partition: dict[tuple[int, int], list[Message]] = {}
    for message in messages:
        by_partition.setdefault((message.conversation, message.seq // BUCKET), []).append(message)
    for group in by_partition.values():
        batch: list[Message] = []
        room = BATCH_CHARACTERS
        for message in group:
            room -= len(message.text)
            if batch and (room < 0 or len(batch) == BATCH_ROWS):
                yield batch
                batch, room = [], BATCH_CHARACTERS - len(message.text)
            batch.append(message)
        yield batch


def _values(message: Message, released: int | None) -> tuple[object, ...]:
    """In the order of _STORE. What was released rises with a conversation's times, so the write timestamp keeps the highest."""
    written_at = max(message.sent_at, message.edited_at or 0) * 1_000 + min(message.version, 999)
    return (
        message.conversation, message.seq, message.sender, UUID(message.client_id), message.sent_at, message.kind, message.text,
        _json(message.event), bytes.fromhex(message.digest), message.reply_to, _json(message.mentions), message.mv, message.epoch,
        message.version, message.edited_at, message.redacted_at, message.seq // BUCKET, released or None, written_at,
    )  # fmt: skip


def _json(value: object) -> str | None:
    return msgspec.json.encode(value).decode() if value else None


def _that_count(rows: Iterable[Any]) -> Iterator[Message]:
    """One message a seq, from rows by falling seq and epoch."""
    for _, tries in groupby((_Row(*row) for row in rows), key=lambda row: row.seq):
        redacted_at = None
        for row in tries:
            redacted_at = redacted_at or row.redacted_at
            if row.epoch != REDACTED:
                yield _message(row, redacted_at)
                break


def _message(row: _Row, redacted_at: int | None) -> Message:
    return Message(
        conversation=row.conversation, seq=row.seq, sender=row.sender, client_id=str(row.client_id), sent_at=row.sent_at,
        kind=row.kind, text="" if redacted_at else row.text, event=msgspec.json.decode(row.event) if row.event else None,
        digest=row.digest.hex(), reply_to=row.reply_to, mentions=tuple(msgspec.json.decode(row.mentions)) if row.mentions else (),
        mv=row.mv, epoch=row.epoch, version=row.version, edited_at=row.edited_at, redacted_at=redacted_at,
    )  # fmt: skip
