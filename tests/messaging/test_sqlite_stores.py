"""The SQLite adapters keep the contracts of their ports."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from messaging.stores.inbox.base import Lost, Spread
from messaging.stores.sequencer.base import PushCheck
from messaging.stores.shown.base import Shown
from messaging.stores.shown.sqlite import SqliteShownNotices
from tests.contracts.inbox import InboxContract, message, put, read, told
from tests.contracts.log import LogContract
from tests.contracts.push_checks import PushCheckContract, claim, say
from tests.contracts.receipts import ReceiptsContract
from tests.contracts.rig import Rig, some_id
from tests.contracts.sequencer import SequencerContract
from tests.contracts.shown import ShownContract


def lose_the_last_entry(folder: Path) -> None:
    """What a page cache does that never reached the disk."""
    (path,) = folder.rglob("*.sqlite3")
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM inbox WHERE position = (SELECT MAX(position) FROM inbox)")


def rows_of(folder: Path) -> tuple[int, int]:
    """Entries, and people in audiences."""
    (path,) = folder.rglob("*.sqlite3")
    with closing(sqlite3.connect(path)) as connection:
        ((entries,),) = connection.execute("SELECT COUNT(*) FROM inbox")
        ((people,),) = connection.execute("SELECT COUNT(*) FROM audience")
    return entries, people


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

    async def test_a_spread_is_one_row_however_many_it_is_for(self, rig: Rig, tmp_path: Path) -> None:
        users, room = tuple(some_id() for _ in range(100)), some_id()
        for seq in range(1, 4):
            await rig.inbox.spread([Spread(message(room, seq), users)])
        assert rows_of(tmp_path) == (3, 100)

    async def test_an_entry_goes_when_its_whole_audience_is_past_it(self, rig: Rig, tmp_path: Path) -> None:
        few, busy, room = some_id(), some_id(), some_id()
        for seq in range(1, 11):
            await rig.inbox.spread([Spread(message(room, seq), (few, busy))])
        for seq in range(11, 31):
            await put(rig, busy, message(room, seq))
        await rig.inbox.trim(keep_entries=15, keep_after=0)
        assert rows_of(tmp_path)[0] == 10 + 15, "all that one of them still needs"
        assert isinstance(await rig.inbox.read(busy, cursor="1.0", limit=100), Lost)
        for seq in range(31, 41):
            await put(rig, few, message(room, seq))
        await rig.inbox.trim(keep_entries=5, keep_after=0)
        assert rows_of(tmp_path) == (5 + 5, 2), "and the audience of both is gone"
        cursor = await rig.inbox.cursor(few)
        await rig.inbox.spread([Spread(message(room, 41), (few, busy))])
        assert told(await read(rig, few, cursor)) == [("message", room, 41)]

    async def test_trimming_again_finds_nothing_to_do(self, rig: Rig, tmp_path: Path) -> None:
        users, room = (some_id(), some_id()), some_id()
        for seq in range(1, 11):
            await rig.inbox.spread([Spread(message(room, seq), users)])
        await put(rig, users[0], *(message(room, seq) for seq in range(11, 16)))
        for _ in range(2):
            await rig.inbox.trim(keep_entries=10, keep_after=0)
            cursor = await rig.inbox.cursor(users[1])
            assert cursor == await rig.inbox.cursor(users[1])
        assert rows_of(tmp_path)[0] == 15


class TestPushChecks(PushCheckContract):
    async def test_they_outlive_their_process(self, rig: Rig) -> None:
        """In whatever state: just set, claimed, or postponed; a note that is still there owes its check too."""
        due, claimed, postponed, settled, owed = (some_id() for _ in range(5))
        await rig.sequencer.done(await rig.send(*map(say, (due, claimed, postponed, settled))))
        rig.clock.forward(self.delay_seconds)
        found = await claim(rig, claimed, postponed, settled)
        await rig.sequencer.postpone_push_checks([PushCheck(postponed, 1, rig.clock.now_ms() + 3_600_000)])
        await rig.sequencer.settle_push_checks([check for check in found if check.conversation == settled])
        await rig.send(say(owed))
        await rig.reopen()
        rig.clock.forward(60)
        assert {message.conversation for message in await rig.sequencer.owed(100, whose="all")} == {owed}
        rig.clock.forward(self.delay_seconds)
        found = await claim(rig, due, claimed, postponed, settled, owed)
        assert {(check.conversation, check.seq) for check in found} == {(room, 1) for room in (due, claimed, postponed, owed)}

    async def test_what_was_settled_stays_settled(self, rig: Rig) -> None:
        room = some_id()
        sent = await rig.send(say(room), say(room))
        rig.clock.forward(self.delay_seconds)
        await rig.sequencer.settle_push_checks(await claim(rig, room))
        await rig.sequencer.done(sent)
        await rig.reopen()
        rig.clock.forward(600)
        assert await claim(rig, room) == []


class TestShown(ShownContract):
    @pytest.fixture
    async def shown(self, tmp_path: Path) -> AsyncIterator[SqliteShownNotices]:
        shown = SqliteShownNotices(str(tmp_path / "messages.sqlite3"))
        yield shown
        await shown.close()

    async def test_they_outlive_their_process(self, tmp_path: Path) -> None:
        path = str(tmp_path / "messages.sqlite3")
        first = SqliteShownNotices(path)
        await first.note([Shown(1, 2, 3, 4)])
        await first.close()
        second = SqliteShownNotices(path)
        assert await second.of([(1, 2)]) == [{3: 4}]
        await second.close()


class TestReceipts(ReceiptsContract):
    pass
