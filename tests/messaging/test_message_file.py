"""The message file: one owner, one writer, group commit, and no error that stops it."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from chatsite.core.errors import StartupRefused, Unavailable
from messaging.stores.inbox.base import Entry, Lost, Reach, Slice, Spread
from messaging.stores.inbox.sqlite import SqliteInbox
from messaging.stores.sqlite import SCHEMA_VERSION, AlreadyOwned, MessageFile

ROOT = Path(__file__).resolve().parents[2]
INSERT = "INSERT INTO note (conversation_id, seq) VALUES (?, ?)"
NOTES = "SELECT conversation_id, seq FROM note ORDER BY conversation_id, seq"
OWNER = """
import sys
from messaging.stores.sqlite import AlreadyOwned, MessageFile
try:
    MessageFile.open(sys.argv[1])
except AlreadyOwned as refusal:
    print("refused:", refusal, flush=True)
else:
    print("owned", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "messages.sqlite3")


@pytest.fixture
def file(path: str) -> Iterator[MessageFile]:
    file = MessageFile.open(path)
    yield file
    file.close()


def start_owner(path: str) -> tuple["subprocess.Popen[str]", str]:
    """Another process that opens the file; returns it and the first line it says."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, path], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline()


def test_a_second_process_is_refused_and_told_which_file(file: MessageFile, path: str) -> None:
    process, said = start_owner(path)
    process.communicate()
    assert said.startswith("refused:")
    assert path in said


def test_the_file_is_free_again_however_its_owner_ends(path: str) -> None:
    process, said = start_owner(path)
    assert said == "owned\n"
    with pytest.raises(AlreadyOwned):
        MessageFile.open(path)
    process.kill()
    process.communicate()
    MessageFile.open(path).close()


def test_a_newer_schema_is_left_alone(path: str) -> None:
    MessageFile.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    program = "import sys; from messaging.stores.sqlite import MessageFile; MessageFile.open(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", program, path], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    assert StartupRefused.__name__ in done.stderr


def make_file_of_schema_1(path: str) -> None:
    """As the first program left it: a row in the inbox for each user."""
    MessageFile.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.executescript("""
            DROP TABLE inbox; DROP TABLE audience; DROP TABLE push_check; DROP TABLE shown;
            CREATE TABLE inbox (
                position INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, kind TEXT NOT NULL, conversation_id INTEGER NOT NULL,
                seq INTEGER NOT NULL, at INTEGER NOT NULL);
            CREATE INDEX inbox_by_user ON inbox (user_id, position);
            INSERT INTO inbox VALUES (11, 7, 'message', 5, 1, 1000), (12, 8, 'message', 5, 1, 1000), (13, 7, 'message', 5, 2, 1000),
                (14, 8, 'message', 5, 2, 1000), (15, 8, 'read', 5, 2, 1000);
            INSERT INTO inbox_floor VALUES (8, 11);
            PRAGMA user_version = 1;""")
    connection.close()


async def test_a_file_of_schema_1_is_taken_over_and_its_cursors_hold(path: str) -> None:
    make_file_of_schema_1(path)
    for _ in range(2):  # the second time it is of our schema
        inbox = SqliteInbox(path)
        seven: Any = await inbox.read(7, cursor="1.11", limit=10)
        assert [(entry.kind, entry.seq) for entry in seven.entries] == [("message", 2)]
        assert await inbox.cursor(7) == "1.13"
        eight: Any = await inbox.read(8, cursor="1.11", limit=10)
        assert [(entry.kind, entry.seq) for entry in eight.entries] == [("message", 1), ("message", 2), ("read", 2)]
        assert await inbox.read(8, cursor="1.10", limit=10) == Lost("1.15", "trimmed")
        await inbox.close()
    inbox = SqliteInbox(path)
    await inbox.spread([Spread(Entry("message", 5, 3), (7, 8))])
    later: Any = await inbox.read(7, cursor="1.13", limit=10)
    assert [entry.seq for entry in later.entries] == [3]
    await inbox.trim(keep_entries=1, keep_after=0)
    eight = await inbox.read(8, cursor=later.cursor, limit=10)
    assert eight.entries == []
    assert isinstance(await inbox.read(8, cursor="1.12", limit=10), Lost)
    await inbox.close()


async def test_a_takeover_that_is_cut_off_begins_anew(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make_file_of_schema_1(path)

    def fail(users: Sequence[int]) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("messaging.stores.sqlite.audience_of", fail)
        with pytest.raises(sqlite3.OperationalError):
            MessageFile(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT COUNT(*) FROM inbox").fetchone() == (5,)
    connection.close()


def test_adapters_of_one_path_share_the_file(file: MessageFile, path: str) -> None:
    again = MessageFile.open(path)
    assert again is file
    again.close()


async def test_everybody_in_a_group_gets_an_answer(file: MessageFile) -> None:
    await asyncio.gather(*(file.write(INSERT, parameters=(1, seq), durable=seq % 2 == 0) for seq in range(1, 1_501)))
    assert await file.read(NOTES) == [(1, seq) for seq in range(1, 1_501)]


async def test_what_was_answered_is_read_at_once(file: MessageFile) -> None:
    for seq in range(1, 20):
        await file.write(INSERT, parameters=(1, seq), durable=False)
        assert len(await file.read(NOTES)) == seq


async def test_a_failing_write_sinks_no_other(file: MessageFile) -> None:
    writes = [file.write(INSERT, parameters=(1, seq), durable=False) for seq in (1, 2, 2, 3)]
    outcomes = await asyncio.gather(*writes, file.write("no SQL at all", parameters=(), durable=True), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), type(None), Unavailable, type(None), Unavailable]
    assert await file.read(NOTES) == [(1, 1), (1, 2), (1, 3)]


async def test_a_write_of_several_statements_happens_whole_or_not_at_all(file: MessageFile) -> None:
    with pytest.raises(Unavailable):
        await file.write(INSERT, INSERT, parameters=(1, 1), durable=False)
    assert await file.read(NOTES) == []


@pytest.mark.parametrize(
    "parameters", [(1, 2**70), (1, "\ud800"), (1, object()), (1,)], ids=["huge", "surrogate", "alien", "few"]
)
async def test_parameters_that_cannot_be_written_leave_the_writer_alive(
    file: MessageFile, parameters: tuple[object, ...]
) -> None:
    with pytest.raises(Unavailable):
        await asyncio.wait_for(file.write(INSERT, parameters=parameters, durable=False), 5)
    await asyncio.wait_for(file.write(INSERT, parameters=(1, 1), durable=False), 5)
    assert await file.read(NOTES) == [(1, 1)]


async def test_a_reader_that_gives_up_leaves_the_writer_alive(file: MessageFile) -> None:
    write = asyncio.ensure_future(file.write(INSERT, parameters=(1, 1), durable=False))
    await asyncio.sleep(0)
    write.cancel()
    await file.write(INSERT, parameters=(1, 2), durable=False)
    assert await file.read(NOTES) == [(1, 1), (1, 2)]


async def test_a_bad_question_is_unavailable(file: MessageFile) -> None:
    with pytest.raises(Unavailable):
        await file.read("SELECT nothing FROM nowhere")
    assert await file.read(NOTES) == []


async def test_readers_cannot_write(file: MessageFile) -> None:
    with pytest.raises(Unavailable):
        await file.read("DELETE FROM note RETURNING 1")


async def test_what_is_queued_at_closing_is_written(path: str) -> None:
    file = MessageFile.open(path)
    writes = [asyncio.ensure_future(file.write(INSERT, parameters=(1, seq), durable=False)) for seq in range(1, 101)]
    await asyncio.sleep(0)
    file.close()
    await asyncio.gather(*writes)
    reopened = MessageFile.open(path)
    assert len(await reopened.read(NOTES)) == 100
    reopened.close()


async def test_a_full_disk_is_unavailable_until_there_is_room(file: MessageFile) -> None:
    store = "INSERT INTO inbox (audience, kind, conversation_id, seq, at) SELECT 1, :text, 1, 1, 1"
    ((pages,),) = await file.read("PRAGMA page_count")
    await file.write(f"PRAGMA max_page_count = {pages + 2}", parameters=(), durable=False)
    for _ in range(3):
        with pytest.raises(Unavailable):
            await file.write(store, parameters={"text": "x" * 100_000}, durable=True)
    await file.write(INSERT, parameters=(1, 1), durable=True)
    await file.write("PRAGMA max_page_count = 1000000", parameters=(), durable=False)
    await file.write(store, parameters={"text": "x" * 100_000}, durable=True)


async def test_an_entry_on_its_way_is_not_missed_by_who_registers_meanwhile(file: MessageFile, path: str) -> None:
    inbox = SqliteInbox(path)
    cursor = await inbox.cursor(7)
    slow = sqlite3.connect(path, isolation_level=None)
    slow.execute("BEGIN IMMEDIATE")  # the writer waits, as for a slow disk
    spreading = asyncio.create_task(inbox.spread([Spread(Entry("message", 1, 1), (7,))]))
    await asyncio.sleep(0)
    registering = asyncio.create_task(inbox.register(7, "node-1"))
    await asyncio.sleep(0.05)
    slow.execute("ROLLBACK")
    slow.close()
    await registering
    piece = await inbox.read(7, cursor=cursor, limit=10)
    assert isinstance(piece, Slice)
    assert [entry.seq for entry in piece.entries] == [1]
    assert await spreading == [Reach(())]
    await inbox.close()
