"""What a sequencer that lost everything makes of history: nothing that was acked changes, no seq stays open, no send counts twice."""

from uuid import uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.protocol.types import Message
from messaging.stores.log.cassandra import End
from messaging.stores.sequencer.seeding import Seed, decode_note, encode_note, plan

ROOM = 7
EPOCH = 9


def message(seq: int, *, client_id: str = "", mv: int = 0, epoch: int = 3, sent_at: int = 0) -> Message:
    return Message(
        ROOM, seq, 1, client_id or str(uuid4()), sent_at or 1_000 + seq, "text", f"text {seq}", digest="d", mv=mv, epoch=epoch
    )


def end(*messages: Message, released: int | None, first: int = 1, top: int | None = None) -> End:
    highest = max((one.seq for one in messages), default=0) if top is None else top
    return End(
        first=first, top=highest, released=released, latest=max((one.sent_at for one in messages), default=0), messages=messages
    )


def test_an_empty_conversation_begins_at_nothing() -> None:
    assert plan(ROOM, End(), EPOCH) == Seed(head=0, next=0, latest=0, mv=0, rev=0, floor=0, notes=[], ids={})


def test_what_was_released_stays_and_what_follows_is_finished_in_the_new_epoch() -> None:
    first, second, third = message(1), message(2), message(3, mv=1)
    seed = plan(ROOM, end(first, second, third, released=1), EPOCH)
    assert (seed.head, seed.next, seed.mv, seed.floor) == (1, 3, 1, 0)
    assert seed.notes == [msgspec.structs.replace(second, epoch=EPOCH), msgspec.structs.replace(third, epoch=EPOCH)]
    assert [known.seq for known in seed.ids.values()] == [1, 2, 3]


def test_a_seq_that_nobody_stored_becomes_void() -> None:
    seed = plan(ROOM, end(message(1), message(3), released=1), EPOCH)
    assert [(note.seq, note.kind, note.epoch) for note in seed.notes] == [(2, "void", EPOCH), (3, "text", EPOCH)]
    assert seed.notes[0].text == ""


def test_a_send_that_stands_at_two_seqs_counts_at_the_lower() -> None:
    once = str(uuid4())
    seed = plan(ROOM, end(message(1), message(2, client_id=once), message(3, client_id=once, epoch=4), released=1), EPOCH)
    assert [(note.seq, note.kind) for note in seed.notes] == [(2, "text"), (3, "void")]
    assert seed.ids[f"1:{once}"].seq == 2


def test_a_late_row_of_a_membership_that_was_over_becomes_void() -> None:
    removal, late = message(3, mv=5, epoch=4), message(4, mv=4, epoch=3)
    seed = plan(ROOM, end(message(1, mv=4), message(2, mv=4), removal, late, released=1), EPOCH)
    assert [(note.seq, note.kind, note.mv) for note in seed.notes] == [(2, "text", 4), (3, "text", 5), (4, "void", 5)]
    assert seed.mv == 5


def test_an_old_number_of_what_was_released_leaves_no_seq_undecided() -> None:
    messages = [message(seq) for seq in range(489, 1_001)]
    seed = plan(ROOM, end(*messages, released=10, first=489), EPOCH)
    assert seed.head == 1_000 - 256
    assert [note.seq for note in seed.notes] == list(range(seed.head + 1, seed.next + 1))


def test_a_void_of_an_earlier_seed_stays_void_and_stands_for_no_send() -> None:
    void = plan(ROOM, end(message(1), message(3), released=1), EPOCH).notes[0]
    seed = plan(ROOM, end(message(1), void, message(3), released=1), EPOCH + 1)
    assert [note.kind for note in seed.notes] == ["void", "text"]
    assert len(seed.ids) == 2


def test_without_a_mark_of_what_was_released_no_more_than_can_be_under_way_is_finished_again() -> None:
    messages = [message(seq) for seq in range(1, 513)]
    seed = plan(ROOM, end(*messages, released=None), EPOCH)
    assert (seed.head, seed.next, len(seed.notes)) == (256, 512, 256)


def test_ids_below_the_window_are_told_as_forgotten() -> None:
    assert plan(ROOM, end(*(message(seq) for seq in range(100, 612)), released=611, first=100), EPOCH).floor == 99


@pytest.mark.parametrize("text", ["", "a,b,c", "上海", "x" * 99_999])
def test_a_note_keeps_all_of_its_message(text: str) -> None:
    kept = msgspec.structs.replace(
        message(5, mv=2, epoch=EPOCH), text=text, event={"type": "left", "user": "1"}, reply_to=3, mentions=(4, 5)
    )
    assert decode_note(encode_note(kept), seq=5, epoch=EPOCH) == kept


@given(rows=st.lists(st.tuples(st.booleans(), st.integers(0, 3)), max_size=40), released=st.integers(0, 40))
def test_whatever_was_stored_every_seq_above_the_head_is_decided_once(rows: list[tuple[bool, int]], released: int) -> None:
    """Rows may be missing, and sends may stand several times; ids come from a small choice so that they do."""
    ids = [str(uuid4()) for _ in range(4)]
    stored = [message(seq, client_id=ids[which] if seq > released else "") for seq, (there, which) in enumerate(rows, 1) if there]
    top = max((one.seq for one in stored), default=0)
    released = min(released, top)
    seed = plan(ROOM, end(*stored, released=released), EPOCH)
    assert (seed.head, seed.next) == (released, top)
    assert [note.seq for note in seed.notes] == list(range(released + 1, top + 1))
    texts = [note.client_id for note in seed.notes if note.kind == "text"]
    assert len(texts) == len(set(texts))
    assert {note.client_id for note in seed.notes if note.kind == "text"} == {
        one.client_id for one in stored if one.seq > released
    }
    assert all(note.epoch == EPOCH for note in seed.notes)
