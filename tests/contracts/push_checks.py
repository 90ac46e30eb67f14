"""What every sequencer promises of push checks (messaging/stores/sequencer/base.py). An adapter's suite inherits this and gives a `rig`."""

from typing import Literal

from messaging.protocol.types import Draft
from messaging.stores.sequencer.base import PushCheck
from tests.contracts.rig import Rig, draft, some_id


async def claim(rig: Rig, *conversations: int, limit: int = 1_000, visibility_ms: int = 30_000) -> list[PushCheck]:
    claimed = await rig.sequencer.claim_push_checks(now=rig.clock.now_ms(), limit=limit, visibility_ms=visibility_ms)
    return [check for check in claimed if check.conversation in conversations]


def say(room: int, kind: Literal["text", "event"] = "text") -> Draft:
    return draft(room, "" if kind == "event" else "hello", kind=kind)


class PushCheckContract:
    delay_seconds = 3.0

    async def test_a_text_that_is_released_is_due_for_a_check(self, rig: Rig) -> None:
        room = some_id()
        await rig.send(say(room))
        assert await claim(rig, room) == []
        rig.clock.forward(self.delay_seconds)
        (check,) = await claim(rig, room)
        assert (check.seq, check.due_at) == (1, rig.clock.now_ms())

    async def test_what_is_only_numbered_sets_none(self, rig: Rig) -> None:
        room = some_id()
        await rig.number(say(room))
        rig.clock.forward(60)
        assert await claim(rig, room) == []

    async def test_what_is_committed_again_sets_none_again(self, rig: Rig) -> None:
        room = some_id()
        messages = await rig.send(say(room))
        rig.clock.forward(self.delay_seconds)
        await rig.sequencer.settle_push_checks(await claim(rig, room))
        await rig.sequencer.commit(messages)
        rig.clock.forward(60)
        assert await claim(rig, room) == []

    async def test_events_set_none_and_do_not_count(self, rig: Rig) -> None:
        room, other = some_id(), some_id()
        await rig.send(say(room, "event"), say(other), say(other, "event"))
        rig.clock.forward(60)
        assert [(check.conversation, check.seq) for check in await claim(rig, room, other)] == [(other, 1)]

    async def test_the_first_message_says_when_and_the_newest_what(self, rig: Rig) -> None:
        room = some_id()
        await rig.send(say(room))
        rig.clock.forward(self.delay_seconds - 1)
        await rig.send(say(room))
        rig.clock.forward(1)
        assert [check.seq for check in await claim(rig, room)] == [2]

    async def test_conversations_are_checked_apart(self, rig: Rig) -> None:
        room, other = some_id(), some_id()
        await rig.send(say(room), say(other), say(other))
        rig.clock.forward(self.delay_seconds)
        assert {(check.conversation, check.seq) for check in await claim(rig, room, other)} == {(room, 1), (other, 2)}

    async def test_a_claimed_check_is_hidden_and_comes_again_unless_settled(self, rig: Rig) -> None:
        room = some_id()
        await rig.send(say(room))
        rig.clock.forward(self.delay_seconds)
        assert len(await claim(rig, room, visibility_ms=30_000)) == 1
        assert await claim(rig, room) == []
        rig.clock.forward(29)
        assert await claim(rig, room) == []
        rig.clock.forward(1)
        again = await claim(rig, room)
        assert [check.seq for check in again] == [1]
        await rig.sequencer.settle_push_checks(again)
        await rig.sequencer.settle_push_checks(again)
        rig.clock.forward(600)
        assert await claim(rig, room) == []

    async def test_a_message_that_comes_while_a_check_is_claimed_is_checked_in_its_own_time(self, rig: Rig) -> None:
        room = some_id()
        await rig.send(say(room))
        rig.clock.forward(self.delay_seconds)
        claimed = await claim(rig, room, visibility_ms=30_000)
        await rig.send(say(room))
        await rig.sequencer.settle_push_checks(claimed)
        assert await claim(rig, room) == []
        rig.clock.forward(self.delay_seconds)
        assert [check.seq for check in await claim(rig, room)] == [2]

    async def test_one_that_is_postponed_comes_then_and_not_before(self, rig: Rig) -> None:
        room = some_id()
        await rig.send(say(room))
        rig.clock.forward(self.delay_seconds)
        (check,) = await claim(rig, room, visibility_ms=10_000)
        until = rig.clock.now_ms() + 60_000
        await rig.sequencer.postpone_push_checks([PushCheck(room, check.seq, until)])
        rig.clock.forward(59)
        assert await claim(rig, room) == []
        rig.clock.forward(1)
        assert await claim(rig, room) == [PushCheck(room, 1, until)]

    async def test_what_comes_meanwhile_is_not_postponed(self, rig: Rig) -> None:
        room = some_id()
        await rig.send(say(room))
        rig.clock.forward(self.delay_seconds)
        (check,) = await claim(rig, room)
        await rig.send(say(room))
        await rig.sequencer.postpone_push_checks([PushCheck(room, check.seq, rig.clock.now_ms() + 600_000)])
        rig.clock.forward(self.delay_seconds)
        assert [check.seq for check in await claim(rig, room)] == [2]

    async def test_one_that_was_settled_is_not_postponed(self, rig: Rig) -> None:
        room = some_id()
        await rig.send(say(room))
        rig.clock.forward(self.delay_seconds)
        claimed = await claim(rig, room)
        await rig.sequencer.settle_push_checks(claimed)
        await rig.sequencer.postpone_push_checks([PushCheck(room, 1, rig.clock.now_ms() + 1_000)])
        rig.clock.forward(60)
        assert await claim(rig, room) == []

    async def test_no_more_are_claimed_than_asked_for(self, rig: Rig) -> None:
        rooms = [some_id()]
        while len(rooms) < 5:
            if rig.sequencer.lane_of(room := some_id()) == rig.sequencer.lane_of(rooms[0]):
                rooms.append(room)
        await rig.send(*map(say, rooms))
        rig.clock.forward(self.delay_seconds)
        first = await rig.sequencer.claim_push_checks(now=rig.clock.now_ms(), limit=2, visibility_ms=30_000)
        assert len(first) == 2
        assert {check.conversation for check in [*first, *await claim(rig, *rooms)]} == set(rooms)
