"""What every sequencer promises (messaging/stores/sequencer/base.py). An adapter's suite inherits this and gives a `rig`."""

from dataclasses import dataclass

import msgspec
import pytest

from messaging.protocol.types import Draft
from messaging.stores.sequencer.base import (
    Allocation,
    Check,
    Clash,
    Duplicate,
    Full,
    Head,
    MembersChanged,
    New,
    Outcome,
    Pending,
)
from tests.contracts.rig import Rig, draft, some_id, wish


@dataclass
class Room:
    """One conversation of a rig."""

    rig: Rig
    conversation: int

    def draft(self, text: str = "hello", **fields: object) -> Draft:
        return draft(self.conversation, text, **fields)

    async def ask(self, *wishes: Allocation) -> list[Outcome]:
        return await self.rig.sequencer.allocate(wishes)

    async def head(self) -> Head:
        (head,) = await self.rig.sequencer.heads([self.conversation])
        return head


class SequencerContract:
    unreleased_max = 256  # numbered and not released, in one conversation
    remembered_max = 1_000  # more newer messages than this, and an id is surely forgotten

    @pytest.fixture
    def room(self, rig: Rig) -> Room:
        return Room(rig, some_id())

    async def test_seqs_are_dense_from_1(self, room: Room) -> None:
        first, second = await room.rig.number(room.draft(), room.draft())
        (third,) = await room.rig.number(room.draft())
        assert [first.seq, second.seq, third.seq] == [1, 2, 3]

    async def test_each_conversation_counts_for_itself(self, room: Room, rig: Rig) -> None:
        messages = await rig.number(room.draft(), draft(some_id()), room.draft())
        assert [message.seq for message in messages] == [1, 1, 2]

    async def test_a_numbered_message_holds_what_the_draft_said(self, room: Room) -> None:
        wanted = room.draft("text", reply_to=3, mentions=(4, 5), after=0)
        (outcome,) = await room.ask(wish(wanted))
        assert isinstance(outcome, New)
        expected = wanted.numbered(1, sent_at=outcome.message.sent_at, mv=0, epoch=outcome.message.epoch, digest=wanted.digest)
        assert outcome.message == expected

    async def test_an_unknown_conversation_has_an_empty_head(self, room: Room) -> None:
        assert await room.head() == Head()

    async def test_numbering_alone_moves_no_head(self, room: Room) -> None:
        await room.rig.number(room.draft())
        assert (await room.head()).seq == 0

    async def test_the_head_moves_over_consecutive_stored_seqs_only(self, room: Room) -> None:
        rig = room.rig
        first, second, third = await rig.number(room.draft(), room.draft(), room.draft())
        await rig.log.store([first, second, third])
        assert await rig.sequencer.commit([third]) == [0]
        assert await rig.sequencer.commit([first]) == [1]
        assert (await room.head()).seq == 1
        assert await rig.sequencer.commit([second]) == [3]
        assert (await room.head()).seq == 3

    async def test_committing_again_changes_nothing(self, room: Room) -> None:
        (message,) = await room.rig.send(room.draft())
        assert await room.rig.sequencer.commit([message, message]) == [1, 1]

    async def test_heads_come_in_the_order_asked(self, room: Room, rig: Rig) -> None:
        other = some_id()
        await rig.send(room.draft(), room.draft())
        await rig.send(draft(other))
        heads = await rig.sequencer.heads([other, room.conversation, other])
        assert [head.seq for head in heads] == [1, 2, 1]

    async def test_the_head_tells_when_the_conversation_was_last_active(self, room: Room) -> None:
        (message,) = await room.rig.send(room.draft())
        assert (await room.head()).active_at == message.sent_at

    async def test_a_released_send_is_a_duplicate(self, room: Room) -> None:
        wanted = room.draft()
        (message,) = await room.rig.send(wanted)
        assert await room.ask(wish(wanted)) == [Duplicate(message.seq, message.sent_at)]

    async def test_a_send_under_way_is_pending_with_the_same_message(self, room: Room) -> None:
        wanted = room.draft()
        (message,) = await room.rig.number(wanted)
        assert await room.ask(wish(wanted)) == [Pending(message)]

    async def test_the_same_send_twice_in_one_call_has_one_seq(self, room: Room) -> None:
        wanted = room.draft()
        first, second = await room.ask(wish(wanted), wish(wanted))
        assert isinstance(first, New)
        assert second == Pending(first.message)

    async def test_an_id_with_another_body_clashes_before_and_after_release(self, room: Room) -> None:
        wanted = room.draft("one")
        other = msgspec.structs.replace(wanted, text="two")
        (message,) = await room.rig.number(wanted)
        assert await room.ask(wish(other)) == [Clash()]
        await room.rig.release([message])
        assert await room.ask(wish(other)) == [Clash()]

    @pytest.mark.parametrize("change", [{"reply_to": 1}, {"mentions": (9,)}])
    async def test_what_a_message_replies_to_and_mentions_is_part_of_its_body(
        self, room: Room, change: dict[str, object]
    ) -> None:
        wanted = room.draft()
        await room.rig.send(wanted)
        assert await room.ask(wish(msgspec.structs.replace(wanted, **change))) == [Clash()]

    async def test_an_id_belongs_to_its_sender_and_conversation(self, room: Room) -> None:
        wanted = room.draft()
        await room.rig.send(wanted)
        others = [msgspec.structs.replace(wanted, sender=8), msgspec.structs.replace(wanted, conversation=some_id())]
        assert [type(outcome) for outcome in await room.ask(*map(wish, others))] == [New, New]

    async def test_another_membership_version_is_refused_and_takes_no_seq(self, room: Room) -> None:
        assert await room.ask(wish(room.draft(), mv=3)) == [MembersChanged(0)]
        (message,) = await room.rig.number(room.draft())
        assert message.seq == 1

    async def test_a_membership_change_moves_the_version_for_all_that_follow(self, room: Room) -> None:
        change = room.draft(kind="event", text="", event={"type": "joined", "user": "1"})
        before, moved, late, after = await room.ask(
            wish(room.draft()), wish(change, sets_mv=True), wish(room.draft()), wish(room.draft(), mv=1)
        )
        assert isinstance(before, New)
        assert isinstance(moved, New)
        assert isinstance(after, New)
        assert late == MembersChanged(1)
        assert [outcome.message.mv for outcome in (before, moved, after)] == [0, 1, 1]
        assert [outcome.message.seq for outcome in (before, moved, after)] == [1, 2, 3]

    async def test_a_repeated_membership_change_moves_the_version_once(self, room: Room) -> None:
        change = room.draft(kind="event", text="", event={"type": "joined", "user": "1"})
        first, again = await room.ask(wish(change, sets_mv=True), wish(change, sets_mv=True))
        assert isinstance(first, New)
        assert again == Pending(first.message)
        await room.rig.release([first.message])
        assert (await room.head()).mv == 1
        assert isinstance((await room.ask(wish(change, sets_mv=True)))[0], Duplicate)

    async def test_a_repeat_is_recognised_although_membership_changed_meanwhile(self, room: Room) -> None:
        wanted = room.draft()
        (message,) = await room.rig.send(wanted)
        await room.ask(wish(room.draft(), sets_mv=True))
        assert await room.ask(wish(wanted)) == [Duplicate(message.seq, message.sent_at)]

    async def test_too_many_sends_under_way_are_told_to_wait(self, room: Room) -> None:
        numbered = await room.rig.number(*(room.draft() for _ in range(self.unreleased_max)))
        (refused,) = await room.ask(wish(room.draft()))
        assert isinstance(refused, Full)
        assert refused.retry_after_seconds > 0
        await room.rig.release(numbered)
        assert isinstance((await room.ask(wish(room.draft(), checked=True)))[0], New)

    async def test_a_full_conversation_still_recognises_repeats(self, room: Room) -> None:
        drafts = [room.draft() for _ in range(self.unreleased_max)]
        numbered = await room.rig.number(*drafts)
        assert await room.ask(wish(drafts[0])) == [Pending(numbered[0])]

    async def test_an_id_that_may_be_forgotten_asks_for_a_look_into_the_log(self, room: Room) -> None:
        wanted = room.draft(after=0)
        (message,) = await room.rig.send(wanted)
        await room.rig.send(*(room.draft() for _ in range(self.remembered_max)))
        (check,) = await room.ask(wish(wanted))
        assert isinstance(check, Check)
        assert check.after < message.seq <= check.floor

    async def test_an_id_made_lately_needs_no_look(self, room: Room) -> None:
        sent = await room.rig.send(*(room.draft() for _ in range(self.remembered_max)))
        (outcome,) = await room.ask(wish(room.draft(after=sent[-1].seq)))
        assert isinstance(outcome, New)

    async def test_an_id_without_after_needs_a_look_once_ids_were_forgotten(self, room: Room) -> None:
        sent = await room.rig.send(*(room.draft() for _ in range(self.remembered_max)))
        (check,) = await room.ask(wish(room.draft()))
        assert isinstance(check, Check)
        (outcome,) = await room.ask(wish(room.draft(), checked=True))
        assert isinstance(outcome, New)
        assert outcome.message.seq == sent[-1].seq + 1

    async def test_a_send_that_needs_a_look_is_not_overtaken_by_its_senders_next(self, room: Room) -> None:
        sent = await room.rig.send(*(room.draft() for _ in range(self.remembered_max)))
        written_offline, written_now = room.draft(after=1), room.draft(after=sent[-1].seq)
        first, second = await room.ask(wish(written_offline), wish(written_now))
        assert isinstance(first, Check)
        assert isinstance(second, Check)
        first, second = await room.ask(wish(written_offline, checked=True), wish(written_now, checked=True))
        assert isinstance(first, New)
        assert isinstance(second, New)
        assert first.message.seq < second.message.seq

    async def test_times_rise_with_seqs_although_the_clock_goes_back(self, room: Room) -> None:
        clock = room.rig.clock
        (first,) = await room.rig.number(room.draft())
        clock.set_wall(clock.now_ms() - 3_600_000)
        second, third = await room.rig.number(room.draft(), room.draft())
        assert first.sent_at < second.sent_at < third.sent_at

    async def test_unreleased_messages_come_in_order(self, room: Room) -> None:
        rig = room.rig
        first, second, third = await rig.number(room.draft(), room.draft(), room.draft())
        assert await rig.sequencer.unreleased(room.conversation) == [first, second, third]
        await rig.release([first])
        await rig.release([third])
        assert second in await rig.sequencer.unreleased(room.conversation)
        assert first not in await rig.sequencer.unreleased(room.conversation)
        await rig.release([second])
        assert await rig.sequencer.unreleased(room.conversation) == []
        assert await rig.sequencer.unreleased(some_id()) == []

    async def test_stored_messages_are_owed_until_done(self, room: Room) -> None:
        rig = room.rig
        first, second, third = await rig.send(room.draft(), room.draft(), room.draft())
        assert await self._owed(room) == [first, second, third]
        await rig.sequencer.done([second])
        assert await self._owed(room) == [first, third]
        await rig.sequencer.done([first, second, third])
        await rig.sequencer.done([third])
        assert await self._owed(room) == []

    async def test_owed_answers_with_at_most_the_limit(self, room: Room) -> None:
        await room.rig.send(room.draft(), room.draft(), room.draft())
        assert len(await room.rig.sequencer.owed(2, "all")) == 2

    async def test_a_head_that_was_asked_before_anything_was_said_moves(self, room: Room) -> None:
        assert (await room.head()).seq == 0
        await room.rig.send(room.draft())
        await room.rig.reopen()
        assert [(await room.head()).seq for _ in range(2)] == [1, 1]
        await room.rig.send(room.draft())
        assert (await room.head()).seq == 2

    async def test_after_a_restart_heads_seqs_versions_and_ids_stand(self, room: Room) -> None:
        rig, wanted = room.rig, room.draft()
        (message,) = await rig.send(wanted)
        (moved,) = await room.ask(wish(room.draft(), sets_mv=True))
        assert isinstance(moved, New)
        await rig.release([moved.message])
        await rig.reopen()
        assert (await room.head()).seq == 2
        assert await room.ask(wish(wanted, mv=1)) == [Duplicate(message.seq, message.sent_at)]
        assert await room.ask(wish(room.draft())) == [MembersChanged(1)]
        (following,) = await rig.number(room.draft(), mv=1)
        assert following.seq == 3
        assert following.sent_at > moved.message.sent_at

    async def test_after_a_restart_a_stored_seq_is_not_given_again(self, room: Room) -> None:
        (stored,) = await room.rig.number(room.draft())
        await room.rig.log.store([stored])  # and the process dies before the commit
        await room.rig.reopen()
        (outcome,) = await room.ask(wish(room.draft()))
        assert isinstance(outcome, New)
        assert outcome.message.seq == 2

    async def test_after_a_restart_a_stored_send_is_recognised(self, room: Room) -> None:
        wanted = room.draft()
        (stored,) = await room.rig.number(wanted)
        await room.rig.log.store([stored])
        await room.rig.reopen()
        (outcome,) = await room.ask(wish(wanted))
        match outcome:
            case Duplicate(seq, sent_at):
                assert (seq, sent_at) == (stored.seq, stored.sent_at)
            case Pending(message):
                assert message.seq == stored.seq
            case _:
                pytest.fail(f"{outcome}")

    async def test_after_a_restart_anyone_may_commit_again(self, room: Room) -> None:
        (message,) = await room.rig.send(room.draft())
        await room.rig.reopen()
        assert await room.rig.sequencer.commit([message]) == [1]

    async def test_after_a_restart_owed_messages_are_still_owed(self, room: Room) -> None:
        first, second = await room.rig.send(room.draft(), room.draft())
        await room.rig.sequencer.done([first])
        await room.rig.reopen()
        assert await self._owed(room) == [second]

    async def _owed(self, room: Room) -> list[object]:
        owed = await room.rig.sequencer.owed(10_000, "all")
        return [message for message in owed if message.conversation == room.conversation]
