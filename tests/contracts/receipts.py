"""What every store of receipts promises (messaging/stores/receipts/base.py). An adapter's suite inherits this and gives a `rig`."""

from messaging.protocol.types import Mark
from tests.contracts.rig import Rig, some_id


class ReceiptsContract:
    async def test_nobody_has_marked_anything_at_first(self, rig: Rig) -> None:
        user, one, two = some_id(), some_id(), some_id()
        assert await rig.receipts.of_user(user, [one, two, one]) == [Mark(one, user), Mark(two, user), Mark(one, user)]
        assert await rig.receipts.of_user(user, []) == []
        assert await rig.receipts.of_conversation(one) == []

    async def test_marks_rise_and_never_fall(self, rig: Rig) -> None:
        user, room = some_id(), some_id()
        await rig.receipts.mark([Mark(room, user, read=5, delivered=7)])
        await rig.receipts.mark([Mark(room, user, read=3, delivered=9)])
        await rig.receipts.mark([Mark(room, user, read=4, delivered=2)])
        assert await rig.receipts.of_user(user, [room]) == [Mark(room, user, read=5, delivered=9)]

    async def test_what_is_read_was_delivered(self, rig: Rig) -> None:
        user, room = some_id(), some_id()
        assert await rig.receipts.mark([Mark(room, user, read=5)]) == [Mark(room, user, read=5, delivered=5)]

    async def test_only_marks_that_moved_are_answered_as_they_now_stand(self, rig: Rig) -> None:
        anna, ben, room = some_id(), some_id(), some_id()
        await rig.receipts.mark([Mark(room, anna, read=5), Mark(room, ben, read=1, delivered=6)])
        moved = await rig.receipts.mark([Mark(room, anna, read=5), Mark(room, ben, read=2, delivered=3)])
        assert moved == [Mark(room, ben, read=2, delivered=6)]
        assert await rig.receipts.mark([Mark(room, anna, read=4)]) == []
        assert await rig.receipts.mark([]) == []

    async def test_one_mark_twice_in_a_call_is_answered_once(self, rig: Rig) -> None:
        user, room = some_id(), some_id()
        moved = await rig.receipts.mark([Mark(room, user, read=2), Mark(room, user, read=4), Mark(room, user, read=3)])
        assert moved == [Mark(room, user, read=4, delivered=4)]

    async def test_a_conversation_shows_everybodys_marks_stored_or_not(self, rig: Rig) -> None:
        anna, ben, room, other = some_id(), some_id(), some_id(), some_id()
        await rig.receipts.mark([Mark(room, anna, read=1), Mark(other, anna, read=9)])
        await rig.receipts.flush()
        await rig.receipts.mark([Mark(room, anna, read=2), Mark(room, ben, delivered=3)])
        marks = {mark.user: mark for mark in await rig.receipts.of_conversation(room)}
        assert marks == {anna: Mark(room, anna, read=2, delivered=2), ben: Mark(room, ben, delivered=3)}

    async def test_flushed_marks_outlive_a_restart(self, rig: Rig) -> None:
        anna, ben, room = some_id(), some_id(), some_id()
        await rig.receipts.mark([Mark(room, anna, read=3, delivered=8), Mark(room, ben, read=1)])
        await rig.receipts.flush()
        await rig.receipts.flush()
        await rig.reopen()
        assert await rig.receipts.of_user(anna, [room]) == [Mark(room, anna, read=3, delivered=8)]
        assert len(await rig.receipts.of_conversation(room)) == 2

    async def test_after_a_restart_marks_still_only_rise(self, rig: Rig) -> None:
        user, room = some_id(), some_id()
        await rig.receipts.mark([Mark(room, user, read=5)])
        await rig.receipts.flush()
        await rig.reopen()
        assert await rig.receipts.mark([Mark(room, user, read=4)]) == []
        assert await rig.receipts.mark([Mark(room, user, read=6)]) == [Mark(room, user, read=6, delivered=6)]
        await rig.receipts.flush()
        await rig.reopen()
        assert await rig.receipts.of_user(user, [room]) == [Mark(room, user, read=6, delivered=6)]
