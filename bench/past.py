"""Writes what was said long ago straight into the log, tens of thousands of messages a second, as a past that everybody saw."""

import asyncio
import sqlite3
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from django.conf import settings

from chatsite.core.clock import clock
from messaging.protocol.types import Mark, Message
from messaging.services.chat import Chat, close_chat, open_chat
from messaging.services.drafts import draft_text
from messaging.stores.log.sqlite import COLUMNS

Past = Mapping[int, tuple[int, Sequence[int]]]  # conversation → how many messages, and its members
BATCH = 50  # seqs that go together: of one partition, as their number divides a thousand
UNDER_WAY = 24
MARKS = 1_000  # at once
STEP_MS = 1_000
TEXT = "What was said here was said long ago, and nobody reads it now but a machine that counts: message {:>11}."
_INSERT = f"INSERT INTO message ({COLUMNS}) VALUES ({', '.join('?' * 16)})"
_OWES = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'message'"


def remember(past: Past) -> None:
    """The instance must not run. Afterwards each conversation's head is its length."""
    path = settings.MESSAGE_LOG["OPTIONS"].get("path")
    if path:
        asyncio.run(_with_chat(_nothing))  # makes the file, if there is none yet
        _insert(path, past)
    else:
        asyncio.run(_with_chat(lambda chat: _store(chat, past)))
    asyncio.run(_with_chat(lambda chat: _settle(chat, past)))


async def _with_chat(work: Callable[[Chat], Awaitable[None]]) -> None:
    chat = await open_chat(node=settings.NODE_NAME)
    try:
        await work(chat)
    finally:
        await close_chat(chat)


async def _nothing(chat: Chat) -> None:
    """Opening was enough."""


def _insert(path: str, past: Past) -> None:
    """Past the store, in one transaction: its triggers note each message as owed, and this past is not."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = -200000")
        connection.execute("BEGIN IMMEDIATE")
        triggers = connection.execute(_OWES).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for conversation, (length, users) in past.items():
            connection.executemany(_INSERT, _rows(conversation, length, users))
        for _, sql in triggers:
            connection.execute(sql)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _rows(conversation: int, length: int, users: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    """In the order of COLUMNS."""
    for m in _messages(conversation, range(1, length + 1), users, begun=clock.now_ms() - length * STEP_MS, epoch=1):
        yield (
            conversation, m.seq, m.sender, m.client_id, m.sent_at, m.kind, m.text, None, m.digest, None, None, m.mv, m.epoch, m.version,
            None, None,
        )  # fmt: skip


def _messages(conversation: int, seqs: range, users: Sequence[int], *, begun: int, epoch: int) -> Iterator[Message]:
    """The digest is that of the first: it matters only to somebody who sends one of these again."""
    draft = draft_text(sender=users[0], conversation=conversation, client_id=str(uuid.uuid4()), text=TEXT.format(0))
    digest = draft.digest
    for seq in seqs:
        yield Message(
            conversation, seq, users[seq % len(users)], f"00000000-0000-4000-8000-{seq:012x}", begun + seq * STEP_MS, "text",
            TEXT.format(seq), None, digest, None, (), 0, epoch,
        )  # fmt: skip


async def _store(chat: Chat, past: Past) -> None:
    """A few workers share one stream of batches, so that there is always enough under way."""
    batches = _batches(past, epoch=chat.sequencer.epoch)

    async def work() -> None:
        for batch in batches:
            last = batch[-1]
            await chat.log.store(batch, released={last.conversation: last.seq})

    async with asyncio.TaskGroup() as group:
        for _ in range(UNDER_WAY):
            group.create_task(work())


def _batches(past: Past, *, epoch: int) -> Iterator[list[Message]]:
    for conversation, (length, users) in past.items():
        begun = clock.now_ms() - length * STEP_MS
        for at in range(0, length + 1, BATCH):
            seqs = range(max(1, at), min(at + BATCH, length + 1))
            yield list(_messages(conversation, seqs, users, begun=begun, epoch=epoch))


async def _settle(chat: Chat, past: Past) -> None:
    """A sequencer that knows nothing of a conversation goes by the log; receipts have to be told."""
    for (conversation, (length, _)), head in zip(past.items(), await chat.sequencer.heads(list(past)), strict=True):
        if head.seq != length:
            raise RuntimeError(f"the head of {conversation} is {head.seq}, not {length}")
    marks = [Mark(conversation, user, length, length) for conversation, (length, users) in past.items() for user in users]
    for at in range(0, len(marks), MARKS):
        await chat.receipts.mark(marks[at : at + MARKS])
