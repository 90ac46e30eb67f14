"""What every inbox promises (messaging/stores/inbox/base.py). An adapter's suite inherits this and gives a `rig`."""

import asyncio

import pytest

from messaging.stores.inbox.base import Acknowledgement, Entry, Lost, Reach, Slice, Spread
from tests.contracts.rig import Rig, some_id


def message(conversation: int, seq: int) -> Entry:
    return Entry("message", conversation, seq)


async def put(rig: Rig, user: int, *entries: Entry) -> None:
    await rig.inbox.spread([Spread(entry, (user,)) for entry in entries])


async def read(rig: Rig, user: int, cursor: str, *, limit: int = 1_000) -> Slice:
    piece = await rig.inbox.read(user, cursor=cursor, limit=limit)
    assert isinstance(piece, Slice), piece
    return piece


def told(piece: Slice) -> list[tuple[str, int, int]]:
    return [(entry.kind, entry.conversation, entry.seq) for entry in piece.entries]


class InboxContract:
    async def test_entries_after_the_cursor_come_in_order(self, rig: Rig) -> None:
        user, room = some_id(), some_id()
        await put(rig, user, message(room, 1))
        cursor = await rig.inbox.cursor(user)
        await put(rig, user, message(room, 2), Entry("conversation", room, 4), Entry("read", room, 2))
        piece = await read(rig, user, cursor)
        assert told(piece) == [("message", room, 2), ("conversation", room, 4), ("read", room, 2)]
        assert not piece.more
        assert piece.cursor == await rig.inbox.cursor(user)

    async def test_who_has_seen_everything_gets_nothing_and_keeps_the_place(self, rig: Rig) -> None:
        user = some_id()
        await put(rig, user, message(some_id(), 1))
        cursor = await rig.inbox.cursor(user)
        piece = await read(rig, user, cursor)
        assert (piece.entries, piece.more) == ([], False)
        assert await read(rig, user, piece.cursor) == piece

    async def test_somebody_new_has_a_cursor_and_misses_nothing_from_it(self, rig: Rig) -> None:
        user, room = some_id(), some_id()
        cursor = await rig.inbox.cursor(user)
        assert (await read(rig, user, cursor)).entries == []
        await put(rig, user, message(room, 1))
        assert told(await read(rig, user, cursor)) == [("message", room, 1)]

    async def test_a_long_absence_is_read_in_pieces_that_lose_nothing(self, rig: Rig) -> None:
        user, room = some_id(), some_id()
        cursor = await rig.inbox.cursor(user)
        await put(rig, user, *(message(room, seq) for seq in range(1, 26)))
        seqs: list[int] = []
        more, pieces = True, 0
        while more:
            piece = await read(rig, user, cursor, limit=10)
            cursor, more, pieces = piece.cursor, piece.more, pieces + 1
            seqs += [entry.seq for entry in piece.entries]
        assert (seqs, pieces) == (list(range(1, 26)), 3)

    async def test_an_exactly_full_piece_has_no_more(self, rig: Rig) -> None:
        user = some_id()
        cursor = await rig.inbox.cursor(user)
        await put(rig, user, *(message(some_id(), 1) for _ in range(10)))
        assert not (await read(rig, user, cursor, limit=10)).more

    async def test_each_user_has_their_own(self, rig: Rig) -> None:
        anna, ben, carl, room = some_id(), some_id(), some_id(), some_id()
        cursors = {user: await rig.inbox.cursor(user) for user in (anna, ben, carl)}
        await rig.inbox.spread([Spread(message(room, 1), (anna, ben)), Spread(message(room, 2), (anna,))])
        assert told(await read(rig, anna, cursors[anna])) == [("message", room, 1), ("message", room, 2)]
        assert told(await read(rig, ben, cursors[ben])) == [("message", room, 1)]
        assert told(await read(rig, carl, cursors[carl])) == []

    async def test_entries_and_cursors_outlive_a_restart(self, rig: Rig) -> None:
        user, room = some_id(), some_id()
        cursor = await rig.inbox.cursor(user)
        await put(rig, user, message(room, 1), message(room, 2))
        await rig.reopen()
        assert told(await read(rig, user, cursor)) == [("message", room, 1), ("message", room, 2)]
        latest = await rig.inbox.cursor(user)
        await put(rig, user, message(room, 3))
        assert told(await read(rig, user, latest)) == [("message", room, 3)]

    @pytest.mark.parametrize(
        "cursor", ["", ".", "1", "1.", ".1", "x.y", "1.x", "-1.0", "1.-1", "1.5.5", " 1.1", "1." + "9" * 60, "½.1"]
    )
    async def test_what_is_no_cursor_is_unknown(self, rig: Rig, cursor: str) -> None:
        user = some_id()
        await put(rig, user, message(some_id(), 1))
        assert await rig.inbox.read(user, cursor=cursor, limit=10) == Lost(await rig.inbox.cursor(user), "unknown")

    async def test_a_cursor_from_the_future_is_unknown(self, rig: Rig) -> None:
        user = some_id()
        epoch, _, _ = (await rig.inbox.cursor(user)).partition(".")
        lost = await rig.inbox.read(user, cursor=f"{epoch}.999999999999", limit=10)
        assert lost == Lost(await rig.inbox.cursor(user), "unknown")

    async def test_a_cursor_of_another_life_is_told(self, rig: Rig) -> None:
        user = some_id()
        _, _, position = (await rig.inbox.cursor(user)).partition(".")
        lost = await rig.inbox.read(user, cursor=f"999.{position}", limit=10)
        assert lost == Lost(await rig.inbox.cursor(user), "epoch")

    async def test_what_is_beyond_the_bound_is_trimmed_and_told(self, rig: Rig) -> None:
        user, room = some_id(), some_id()
        start = await rig.inbox.cursor(user)
        await put(rig, user, *(message(room, seq) for seq in range(1, 6)))
        third = (await read(rig, user, start, limit=3)).cursor
        await put(rig, user, *(message(room, seq) for seq in range(6, 9)))
        await rig.inbox.trim(keep_entries=5, keep_after=0)
        assert await rig.inbox.read(user, cursor=start, limit=10) == Lost(await rig.inbox.cursor(user), "trimmed")
        assert [entry.seq for entry in (await read(rig, user, third)).entries] == [4, 5, 6, 7, 8]

    async def test_what_is_too_old_is_trimmed(self, rig: Rig) -> None:
        user, room = some_id(), some_id()
        start = await rig.inbox.cursor(user)
        await put(rig, user, message(room, 1))
        first = await rig.inbox.cursor(user)
        rig.clock.forward(60)
        await put(rig, user, message(room, 2))
        await rig.inbox.trim(keep_entries=1_000, keep_after=rig.clock.now_ms() - 30_000)
        assert isinstance(await rig.inbox.read(user, cursor=start, limit=10), Lost)
        assert told(await read(rig, user, first)) == [("message", room, 2)]

    async def test_after_everything_is_trimmed_the_present_place_still_holds(self, rig: Rig) -> None:
        user, room = some_id(), some_id()
        await put(rig, user, message(room, 1))
        cursor = await rig.inbox.cursor(user)
        rig.clock.forward(60)
        await rig.inbox.trim(keep_entries=1_000, keep_after=rig.clock.now_ms())
        await rig.reopen()
        assert await rig.inbox.cursor(user) == cursor
        assert (await read(rig, user, cursor)).entries == []
        await put(rig, user, message(room, 2))
        assert told(await read(rig, user, cursor)) == [("message", room, 2)]

    async def test_trimming_one_leaves_others_alone(self, rig: Rig) -> None:
        busy, quiet, room = some_id(), some_id(), some_id()
        start = await rig.inbox.cursor(quiet)
        await put(rig, quiet, message(room, 1))
        await put(rig, busy, *(message(room, seq) for seq in range(1, 20)))
        await rig.inbox.trim(keep_entries=5, keep_after=0)
        assert told(await read(rig, quiet, start)) == [("message", room, 1)]

    async def test_spreading_names_the_nodes_of_those_concerned(self, rig: Rig) -> None:
        anna, ben, carl = some_id(), some_id(), some_id()
        await rig.inbox.register(anna, "one")
        await rig.inbox.register(anna, "two")
        await rig.inbox.register(ben, "two")
        spreads = [Spread(message(1, 1), users) for users in ((anna,), (ben,), (anna, ben), (carl,))]
        assert [set(reach.nodes) for reach in await rig.inbox.spread(spreads)] == [{"one", "two"}, {"two"}, {"one", "two"}, set()]
        assert set(await rig.inbox.nodes_of([anna, ben, carl])) == {"one", "two"}
        assert await rig.inbox.nodes_of([carl]) == ()
        assert await rig.inbox.nodes_of([]) == ()

    async def test_a_node_that_lost_its_last_socket_is_named_no_more(self, rig: Rig) -> None:
        user = some_id()
        for node in ("one", "two"):
            await rig.inbox.register(user, node)
        await rig.inbox.unregister(user, "one")
        assert await rig.inbox.nodes_of([user]) == ("two",)
        await rig.inbox.unregister(user, "two")
        await rig.inbox.unregister(user, "two")
        assert await rig.inbox.spread([Spread(message(1, 1), (user,))]) == [Reach(())]

    async def test_the_cursor_of_who_is_registered_is_known_without_waiting(self, rig: Rig) -> None:
        user, room = some_id(), some_id()
        assert rig.inbox.known_cursor(user) is None
        await rig.inbox.register(user, "one")
        for seq in (1, 2):
            await put(rig, user, message(room, seq))
            known = rig.inbox.known_cursor(user)
            assert known == await rig.inbox.cursor(user)
            assert known is not None
            assert (await read(rig, user, known)).entries == []
        await rig.inbox.unregister(user, "one")
        assert rig.inbox.known_cursor(user) is None

    async def test_registering_twice_is_registering_once(self, rig: Rig) -> None:
        user = some_id()
        await rig.inbox.register(user, "one")
        await rig.inbox.register(user, "one")
        assert await rig.inbox.nodes_of([user]) == ("one",)
        await rig.inbox.unregister(user, "one")
        assert await rig.inbox.nodes_of([user]) == ()

    async def test_the_cursor_of_a_registered_user_moves_with_the_entries(self, rig: Rig) -> None:
        user = some_id()
        await put(rig, user, message(1, 1))
        before = await rig.inbox.cursor(user)
        await rig.inbox.register(user, "one")
        assert await rig.inbox.cursor(user) == before
        await put(rig, user, message(1, 2))
        after = await rig.inbox.cursor(user)
        assert after != before
        assert (await read(rig, user, before)).cursor == after

    async def test_who_registers_while_entries_are_on_their_way_hears_of_them_or_finds_them(self, rig: Rig) -> None:
        for _ in range(20):
            user, room = some_id(), some_id()
            cursor = await rig.inbox.cursor(user)
            spreading = asyncio.create_task(rig.inbox.spread([Spread(message(room, 1), (user,))]))
            await asyncio.sleep(0)
            await rig.inbox.register(user, "one")
            piece = await read(rig, user, cursor)
            (reach,) = await spreading
            assert reach.nodes == ("one",) or told(piece) == [("message", room, 1)]

    async def test_acknowledgements_rise_only(self, rig: Rig) -> None:
        phone, tablet, room, other = some_id(), some_id(), some_id(), some_id()
        await rig.inbox.acknowledge([Acknowledgement(phone, room, 5), Acknowledgement(phone, other, 2)])
        await rig.inbox.acknowledge([Acknowledgement(phone, room, 3)])
        assert await rig.inbox.acknowledged([tablet, phone], room) == [0, 5]
        assert await rig.inbox.acknowledged([phone], other) == [2]
        assert await rig.inbox.acknowledged([], room) == []
