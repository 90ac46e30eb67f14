"""The SQLite adapters keep the contracts of their ports."""

import sqlite3
from pathlib import Path

from tests.contracts.inbox import InboxContract, message, put, read, told
from tests.contracts.log import LogContract
from tests.contracts.push_checks import PushCheckContract
from tests.contracts.receipts import ReceiptsContract
from tests.contracts.rig import Rig, some_id
from tests.contracts.sequencer import SequencerContract


def lose_the_last_entry(folder: Path) -> None:
    """What a page cache does that never reached the disk."""
    (path,) = folder.rglob("*.sqlite3")
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM inbox WHERE position = (SELECT MAX(position) FROM inbox)")


class TestSequencer(SequencerContract):
    pass


class TestMessageLog(LogContract):
    pass


class TestInbox(InboxContract):
    async def test_a_cursor_whose_entries_power_loss_took_misses_nothing_that_comes_later(self, rig: Rig, tmp_path: Path) -> None:
        user, room = some_id(), some_id()
        await put(rig, user, message(room, 1), message(room, 2))
        cursor = await rig.inbox.cursor(user)
        await rig.close()
        lose_the_last_entry(tmp_path)
        await rig.open()
        await put(rig, user, message(room, 2), message(room, 3))
        assert told(await read(rig, user, cursor)) == [("message", room, 2), ("message", room, 3)]


class TestPushChecks(PushCheckContract):
    pass


class TestReceipts(ReceiptsContract):
    pass
