"""The message file: one SQLite file, one owner process, one writer thread with group commit.

The sequencer, log, inbox and receipts adapters each open the file by path and share it. A batch travels as one JSON parameter into one
statement (`INSERT … SELECT … FROM json_each(?)`): a statement is one step in C without the GIL, where a row each would take the GIL back from
a busy event loop once a row, up to a switch interval each time.
"""

import asyncio
import fcntl
import hashlib
import os
import queue
import sqlite3
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

from chatsite.core.errors import StartupRefused, Unavailable

SCHEMA_VERSION = 3
# An entry is of everybody in its audience: one row, however many they are.
INBOX = """
CREATE TABLE inbox (
    position INTEGER PRIMARY KEY, audience INTEGER NOT NULL, kind TEXT NOT NULL, conversation_id INTEGER NOT NULL, seq INTEGER NOT NULL,
    at INTEGER NOT NULL);
CREATE INDEX inbox_by_audience ON inbox (audience, position);
CREATE TABLE audience (user_id INTEGER NOT NULL, audience INTEGER NOT NULL, PRIMARY KEY (user_id, audience)) WITHOUT ROWID;
CREATE INDEX audience_by_itself ON audience (audience);
"""
TABLES = """
CREATE TABLE message (
    conversation_id INTEGER NOT NULL, seq INTEGER NOT NULL, sender_id INTEGER NOT NULL, client_id TEXT NOT NULL, sent_at INTEGER NOT NULL,
    kind TEXT NOT NULL, text TEXT NOT NULL, event TEXT, digest TEXT NOT NULL, reply_to INTEGER, mentions TEXT, mv INTEGER NOT NULL,
    epoch INTEGER NOT NULL, version INTEGER NOT NULL, edited_at INTEGER, redacted_at INTEGER,
    UNIQUE (conversation_id, seq));
-- Not unique: the sequencer sees to that. A device that misleads it (another `after` at each try) may repeat itself, but makes no hole.
CREATE INDEX message_by_client_id ON message (conversation_id, sender_id, client_id);
CREATE TABLE change (
    conversation_id INTEGER NOT NULL, rev INTEGER NOT NULL, kind TEXT NOT NULL, seq INTEGER NOT NULL, author_id INTEGER NOT NULL,
    at INTEGER NOT NULL, PRIMARY KEY (conversation_id, rev)) WITHOUT ROWID;
-- A note is a stored message that is owed to inboxes. It stands in the transaction of its message and goes with the spread.
CREATE TABLE note (conversation_id INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (conversation_id, seq)) WITHOUT ROWID;
CREATE TRIGGER message_owes AFTER INSERT ON message BEGIN INSERT INTO note VALUES (new.conversation_id, new.seq); END;
-- A message is its sender's read mark, kept as surely as the message is.
CREATE TRIGGER message_marks AFTER INSERT ON message BEGIN
    INSERT INTO receipt VALUES (new.conversation_id, new.sender_id, new.seq, new.seq)
    ON CONFLICT (conversation_id, user_id) DO UPDATE SET read = MAX(read, new.seq), delivered = MAX(delivered, new.seq); END;
CREATE TABLE inbox_floor (user_id INTEGER PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE receipt (
    conversation_id INTEGER NOT NULL, user_id INTEGER NOT NULL, read INTEGER NOT NULL, delivered INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, user_id)) WITHOUT ROWID;
CREATE INDEX receipt_by_user ON receipt (user_id, conversation_id, read, delivered);
"""
# Conversations in which somebody may not have seen what was said, and the notices that stand on devices.
PUSH = """
CREATE TABLE push_check (conversation_id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, due_at INTEGER NOT NULL);
CREATE TABLE shown (
    user_id INTEGER NOT NULL, conversation_id INTEGER NOT NULL, device_id INTEGER NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (user_id, conversation_id, device_id)) WITHOUT ROWID;
"""
SCHEMA = TABLES + INBOX + PUSH
# From schema 1, which had a row for each user: of each of these an audience of one is made. Positions stay, and so do devices' cursors.
PUT_ASIDE = "ALTER TABLE inbox RENAME TO old_inbox; DROP INDEX inbox_by_user;"
TAKE_OVER = """
INSERT INTO inbox SELECT position, audience_of(user_id), kind, conversation_id, seq, at FROM old_inbox;
INSERT INTO audience SELECT DISTINCT user_id, audience_of(user_id) FROM old_inbox;
DROP TABLE old_inbox;
"""
# What brings a file of each earlier schema to this one.
UPGRADES = {0: SCHEMA, 1: PUT_ASIDE + INBOX + TAKE_OVER + PUSH, 2: PUSH}
READERS = 2
GROUP_MAX = 1_000


class AlreadyOwned(StartupRefused):
    """Another process has the message file open."""


class _Write:
    """One statement on its way to the writer thread."""

    __slots__ = ("durable", "error", "future", "loop", "parameters", "statements")

    def __init__(self, statements: Sequence[str], parameters: Any, *, durable: bool) -> None:
        self.statements = statements
        self.parameters = parameters
        self.durable = durable
        self.error: Exception | None = None
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[None] = self.loop.create_future()


class MessageFile:
    """Open with `MessageFile.open(path)`; every adapter of one path gets the same one."""

    _open: ClassVar[dict[str, "MessageFile"]] = {}

    def __init__(self, path: str) -> None:
        self.path = path
        self.users = 0
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._lock = _own(path)
        self._writer_connection = _connect(path)
        _prepare(self._writer_connection)
        self._writes: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_for_ever, name="message-file-writer", daemon=True)
        self._writer.start()
        self._local = threading.local()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="message-file-reader")

    @classmethod
    def open(cls, path: str) -> "MessageFile":
        """Raises AlreadyOwned when another process has it."""
        file = cls._open.get(path)
        if file is None:
            file = cls._open[path] = cls(path)
        file.users += 1
        return file

    def close(self) -> None:
        """Ends when the last adapter closes: what is queued is still written."""
        self.users -= 1
        if self.users:
            return
        del self._open[self.path]
        self._writes.put(None)
        self._writer.join()
        self._readers.shutdown()
        self._writer_connection.close()
        os.close(self._lock)

    async def write(self, *statements: str, parameters: Any, durable: bool) -> None:
        """Runs statements with the same parameters in the next transaction; returns when it is committed, on disk if `durable`.

        Not durable means: safe against the end of this process, not against the end of power. Raises Unavailable.
        """
        write = _Write(statements, parameters, durable=durable)
        self._writes.put(write)
        await write.future

    async def read(self, statement: str, parameters: Any = ()) -> list[tuple[Any, ...]]:
        """All rows of a SELECT, from a reader thread. Raises Unavailable."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._readers, self._read, statement, parameters)
        except sqlite3.Error as error:
            raise Unavailable("The message log cannot be read") from error

    def read_now(self, statement: str, parameters: Any = ()) -> list[tuple[Any, ...]]:
        """`read` on the calling thread: at start-up only."""
        return self._read(statement, parameters)

    def _read(self, statement: str, parameters: Any) -> list[tuple[Any, ...]]:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = _connect(self.path)
            connection.execute("PRAGMA query_only = ON")
        return connection.execute(statement, parameters).fetchall()

    def _write_for_ever(self) -> None:
        connection = self._writer_connection
        while (write := self._writes.get()) is not None:
            group = [write]
            ended = False
            while len(group) < GROUP_MAX and not self._writes.empty():
                following = self._writes.get()
                if following is None:
                    ended = True
                    break
                group.append(following)
            _commit_group(connection, group)
            _answer(group)
            if ended:
                return


def _commit_group(connection: sqlite3.Connection, group: list[_Write]) -> None:
    """One transaction for the group; if any statement fails, each write gets a transaction of its own, so that one cannot sink the others."""
    try:
        _commit(connection, group)
    except Exception as error:  # noqa: BLE001 - a value that does not bind is no sqlite3.Error; whatever it was, the writer lives on
        if len(group) == 1:
            group[0].error = error
            return
        for write in group:
            _commit_group(connection, [write])


def _commit(connection: sqlite3.Connection, group: list[_Write]) -> None:
    # In WAL mode FULL syncs the log at every commit; NORMAL leaves that to the next one that does, and no process's end loses anything.
    connection.execute(f"PRAGMA synchronous = {'FULL' if any(write.durable for write in group) else 'NORMAL'}")
    connection.execute("BEGIN IMMEDIATE")
    try:
        for write in group:
            for statement in write.statements:
                connection.execute(statement, write.parameters)
        connection.execute("COMMIT")
    except Exception:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _answer(group: list[_Write]) -> None:
    """Wakes each loop once for all its writes."""
    loops = {write.loop for write in group}
    for loop in loops:
        mine = [write for write in group if write.loop is loop]
        try:
            loop.call_soon_threadsafe(_resolve, mine)
        except RuntimeError:  # the loop is closed: nobody waits any more
            continue


def _resolve(group: list[_Write]) -> None:
    for write in group:
        if write.future.done():
            continue
        if write.error is None:
            write.future.set_result(None)
        else:
            unavailable = Unavailable("The message log cannot be written")
            unavailable.__cause__ = write.error
            write.future.set_exception(unavailable)


def _own(path: str) -> int:
    descriptor = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise AlreadyOwned(f"another process is using {path}: stop that one first, or choose another DATA_DIR") from None
    return descriptor


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30, cached_statements=64)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA wal_autocheckpoint = 4000")
    connection.execute("PRAGMA cache_size = -32000")
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == SCHEMA_VERSION:
        return
    if version > SCHEMA_VERSION:
        raise StartupRefused(f"the message file has schema {version}, this program knows {SCHEMA_VERSION}: run the newer program")
    connection.create_function("audience_of", 1, lambda user: audience_of((user,)), deterministic=True)
    connection.executescript(f"BEGIN; {UPGRADES[version]} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")


def audience_of(users: Sequence[int]) -> int:
    """The name of a set of people, 63 bits. That two sets of a million have one name happens once in ten million files."""
    named = hashlib.sha256(",".join(map(str, sorted(users))).encode()).digest()
    return int.from_bytes(named[:8], "big") >> 1
