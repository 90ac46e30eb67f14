"""The ledger finds what was planted: losses, doubles, holes, wrong seqs, missing acks."""

from collections.abc import Callable

import pytest

from bench.load.ledger import Ledger

MESSAGES = 20
Order = list[tuple[int, int]]  # (number, seq) as one receiver gets them


def run(plant: Callable[[Order], Order] = lambda order: order, *, acks: dict[int, int] | None = None) -> Ledger:
    """Messages 0 … 19 under seqs 1 … 20 to two receivers; the second gets what `plant` makes of that."""
    ledger = Ledger("7", receivers=2, done=lambda: None)
    given = {number: number + 1 for number in range(MESSAGES)} if acks is None else acks
    for _ in range(MESSAGES):
        ledger.note_sent()
    for number, seq in given.items():
        ledger.note_ack(number, seq)
    order = [(number, number + 1) for number in range(MESSAGES)]
    for receiver, pairs in zip(ledger.receivers, (order, plant(order)), strict=True):
        for number, seq in pairs:
            ledger.note_delivery(receiver, number, seq)
    return ledger


def test_a_faultless_run_has_no_faults() -> None:
    assert run().faults() == []


def test_another_order_is_counted_and_is_no_fault() -> None:
    ledger = run(lambda order: order[::-1])
    assert ledger.faults() == []
    assert [receiver.disorder for receiver in ledger.receivers] == [0, MESSAGES - 1]


@pytest.mark.parametrize("number", [0, 7, MESSAGES - 1])
def test_a_lost_message_is_found(number: int) -> None:
    (fault,) = run(lambda order: order[:number] + order[number + 1 :]).faults()
    assert f"lost {number}, 1 of 2 receivers" in fault


@pytest.mark.parametrize("again", [0, 7, MESSAGES - 1])
def test_a_doubled_message_is_found_and_not_measured_twice(again: int) -> None:
    ledger = run(lambda order: [*order, order[again]])
    (fault,) = ledger.faults()
    assert f"got {again} more than once" in fault
    assert len(ledger.deliver_seconds) == 2 * MESSAGES


def test_a_double_does_not_hide_a_loss() -> None:
    faults = " ".join(run(lambda order: [*order[:5], order[4], *order[6:]]).faults())
    assert "lost 5" in faults
    assert "got 4 more than once" in faults


def test_a_message_under_another_seq_than_was_acked_is_found() -> None:
    (fault,) = run(lambda order: [*order[:-1], (MESSAGES - 1, 99)]).faults()
    assert f"got {MESSAGES - 1} under another seq" in fault


def test_a_hole_between_seqs_is_found() -> None:
    acks = {number: number + 1 + (number > 9) for number in range(MESSAGES)}
    assert any("missing 11, given twice none" in fault for fault in run(acks=acks).faults())


def test_a_seq_that_was_given_twice_is_found() -> None:
    acks = {number: min(number + 1, MESSAGES - 1) for number in range(MESSAGES)}
    assert any(f"given twice {MESSAGES - 1}" in fault for fault in run(acks=acks).faults())


def test_a_missing_ack_is_found() -> None:
    faults = run(acks={number: number + 1 for number in range(MESSAGES - 1)}).faults()
    assert faults == [f"7: no ack for {MESSAGES - 1}"]


def test_a_message_is_done_when_it_is_acked_and_everybody_has_it() -> None:
    done: list[int] = []
    ledger = Ledger("7", receivers=2, done=lambda: done.append(1))
    number = ledger.note_sent()
    ledger.note_delivery(ledger.receivers[0], number, 1)
    ledger.note_delivery(ledger.receivers[0], number, 1)
    ledger.note_ack(number, 1)
    assert (done, ledger.undone) == ([], 1)
    ledger.note_delivery(ledger.receivers[1], number, 1)
    assert (done, ledger.undone) == ([1], 0)
