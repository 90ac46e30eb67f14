"""What every store of notices promises (messaging/stores/shown/base.py). An adapter's suite inherits this and gives a `shown`."""

from messaging.stores.shown.base import Shown, ShownNotices
from tests.contracts.rig import some_id


class ShownContract:
    async def test_what_was_noted_is_known_by_reader_and_conversation(self, shown: ShownNotices) -> None:
        anna, ben, room, other = (some_id() for _ in range(4))
        await shown.note([Shown(anna, room, 1, 5), Shown(anna, room, 2, 6), Shown(anna, other, 1, 7), Shown(ben, room, 3, 8)])
        assert await shown.of([(anna, room), (ben, other), (anna, other), (ben, room)]) == [{1: 5, 2: 6}, {}, {1: 7}, {3: 8}]
        assert await shown.of([]) == []

    async def test_it_only_rises(self, shown: ShownNotices) -> None:
        anna, room = some_id(), some_id()
        for seq in (5, 9, 7):
            await shown.note([Shown(anna, room, 1, seq)])
        assert await shown.of([(anna, room)]) == [{1: 9}]

    async def test_what_was_taken_back_is_forgotten_and_what_came_meanwhile_is_not(self, shown: ShownNotices) -> None:
        anna, room = some_id(), some_id()
        await shown.note([Shown(anna, room, 1, 5), Shown(anna, room, 2, 5), Shown(anna, room, 3, 5)])
        await shown.note([Shown(anna, room, 2, 6)])
        await shown.take([Shown(anna, room, 1, 5), Shown(anna, room, 2, 5), Shown(anna, room, 4, 5)])
        assert await shown.of([(anna, room)]) == [{2: 6, 3: 5}]

    async def test_ids_are_told_apart_to_their_last_bit(self, shown: ShownNotices) -> None:
        anna, room, device = 2**62 + 1, 2**62 + 3, 2**62 + 5
        await shown.note([Shown(anna, room, device, 2**31), Shown(anna, room, device + 1, 1)])
        assert await shown.of([(anna, room), (anna + 1, room), (anna, room + 1)]) == [{device: 2**31, device + 1: 1}, {}, {}]
        await shown.take([Shown(anna, room, device, 2**31), Shown(anna, room, device + 1, 1)])
