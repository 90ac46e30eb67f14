"""What every inbox promises of push checks (messaging/stores/inbox/base.py). An adapter's suite inherits this and gives a `rig`."""

from messaging.stores.inbox.base import Entry, PushCheck, Spread
from tests.contracts.rig import Rig, some_id


async def send(rig: Rig, conversation: int, seq: int, *, author: int, users: tuple[int, ...], pushes: bool = True) -> None:
    await rig.inbox.spread([Spread(Entry("message", conversation, seq, author, pushes), users)])


async def claim(rig: Rig, conversation: int, *, limit: int = 1_000, visibility_ms: int = 30_000) -> list[PushCheck]:
    claimed = await rig.inbox.claim_push_checks(now=rig.clock.now_ms(), limit=limit, visibility_ms=visibility_ms)
    return [check for check in claimed if check.conversation == conversation]


class PushCheckContract:
    delay_seconds = 3.0

    async def test_a_check_is_due_for_everybody_but_the_author(self, rig: Rig) -> None:
        anna, ben, carl, room = some_id(), some_id(), some_id(), some_id()
        await send(rig, room, 1, author=anna, users=(anna, ben, carl))
        assert await claim(rig, room) == []
        rig.clock.forward(self.delay_seconds)
        assert {(check.user, check.seq) for check in await claim(rig, room)} == {(ben, 1), (carl, 1)}

    async def test_what_does_not_push_sets_no_check(self, rig: Rig) -> None:
        anna, ben, room = some_id(), some_id(), some_id()
        await send(rig, room, 1, author=anna, users=(anna, ben), pushes=False)
        rig.clock.forward(60)
        assert await claim(rig, room) == []

    async def test_the_first_message_says_when_and_the_newest_what(self, rig: Rig) -> None:
        anna, ben, room = some_id(), some_id(), some_id()
        await send(rig, room, 1, author=anna, users=(ben,))
        rig.clock.forward(self.delay_seconds - 1)
        await send(rig, room, 2, author=anna, users=(ben,))
        rig.clock.forward(1)
        assert [check.seq for check in await claim(rig, room)] == [2]

    async def test_conversations_are_checked_apart(self, rig: Rig) -> None:
        anna, ben, room, other = some_id(), some_id(), some_id(), some_id()
        await send(rig, room, 1, author=anna, users=(ben,))
        await send(rig, other, 8, author=anna, users=(ben,))
        rig.clock.forward(self.delay_seconds)
        claimed = await rig.inbox.claim_push_checks(now=rig.clock.now_ms(), limit=1_000, visibility_ms=1_000)
        assert {(check.conversation, check.seq) for check in claimed if check.user == ben} == {(room, 1), (other, 8)}

    async def test_a_claimed_check_is_hidden_and_comes_again_unless_settled(self, rig: Rig) -> None:
        anna, ben, room = some_id(), some_id(), some_id()
        await send(rig, room, 1, author=anna, users=(ben,))
        rig.clock.forward(self.delay_seconds)
        assert len(await claim(rig, room, visibility_ms=30_000)) == 1
        assert await claim(rig, room) == []
        rig.clock.forward(29)
        assert await claim(rig, room) == []
        rig.clock.forward(1)
        again = await claim(rig, room)
        assert [check.seq for check in again] == [1]
        await rig.inbox.settle_push_checks(again)
        await rig.inbox.settle_push_checks(again)
        rig.clock.forward(600)
        assert await claim(rig, room) == []

    async def test_a_message_that_comes_while_a_check_is_claimed_is_checked_in_its_own_time(self, rig: Rig) -> None:
        anna, ben, room = some_id(), some_id(), some_id()
        await send(rig, room, 1, author=anna, users=(ben,))
        rig.clock.forward(self.delay_seconds)
        claimed = await claim(rig, room, visibility_ms=30_000)
        await send(rig, room, 2, author=anna, users=(ben,))
        await rig.inbox.settle_push_checks(claimed)
        assert await claim(rig, room) == []
        rig.clock.forward(self.delay_seconds)
        assert [check.seq for check in await claim(rig, room)] == [2]

    async def test_no_more_are_claimed_than_asked_for(self, rig: Rig) -> None:
        anna, room = some_id(), some_id()
        await send(rig, room, 1, author=anna, users=tuple(some_id() for _ in range(5)))
        rig.clock.forward(self.delay_seconds)
        now = rig.clock.now_ms()
        assert len(await rig.inbox.claim_push_checks(now=now, limit=2, visibility_ms=30_000)) == 2
        assert len(await claim(rig, room)) == 3
