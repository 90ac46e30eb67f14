"""The checker finds every kind of damage it is there to find."""

import pytest

from tests.journeys.checker import Held, History, Send, complaints


def history_of(*held: Held, sends: list[Send] | None = None) -> History:
    return History(
        sends=sends or [sent(1), sent(2), sent(3)], held={f"device {number}": mine for number, mine in enumerate(held)}
    )


def sent(seq: int, *, invoked_at: float | None = None) -> Send:
    at = float(seq) if invoked_at is None else invoked_at
    return Send("anna", f"id-{seq}", invoked_at=at, ended_at=at + 0.5, outcome="ok", seq=seq)


def whole() -> Held:
    return {seq: ("anna", f"id-{seq}") for seq in (1, 2, 3)}


def test_a_clean_history_has_no_complaints() -> None:
    assert complaints(history_of(whole(), whole())) == []


def test_an_unknown_send_may_be_there_or_not() -> None:
    unknown = Send("anna", "id-4")
    for held in (whole(), whole() | {4: ("anna", "id-4")}):
        assert complaints(history_of(held, sends=[sent(1), sent(2), sent(3), unknown])) == []


def test_a_device_of_somebody_who_joined_later_starts_there() -> None:
    history = history_of(whole(), {seq: key for seq, key in whole().items() if seq > 1})
    history.first["device 1"] = 2
    assert complaints(history) == []


@pytest.mark.parametrize(
    "damaged,word",
    [
        ({1: ("anna", "id-1"), 2: ("anna", "id-2")}, "lacks"),
        ({1: ("anna", "id-1"), 3: ("anna", "id-3")}, "not every seq"),
        (whole() | {4: ("anna", "id-3")}, "2 times"),
        ({1: ("anna", "id-2"), 2: ("anna", "id-1"), 3: ("anna", "id-3")}, "differs"),
        (whole() | {4: ("eve", "forged")}, "nobody sent"),
    ],
)
def test_damage_on_one_device_is_found(damaged: Held, word: str) -> None:
    assert any(word in complaint for complaint in complaints(history_of(whole(), damaged)))


def test_a_failed_send_that_is_there_all_the_same_is_found() -> None:
    failed = Send("anna", "id-4", outcome="fail")
    held = whole() | {4: ("anna", "id-4")}
    assert any("failed" in complaint for complaint in complaints(history_of(held, sends=[sent(1), sent(2), sent(3), failed])))


def test_an_order_that_time_contradicts_is_found() -> None:
    late = sent(1, invoked_at=10.0)
    assert any("began after" in complaint for complaint in complaints(history_of(whole(), sends=[late, sent(2), sent(3)])))
