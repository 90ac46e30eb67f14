"""The checker finds every kind of damage it is there to find, and nothing where nothing is wrong."""

from collections.abc import Callable

import pytest

from tests.journeys.checker import complaints
from tests.journeys.history import VOID, Event, Held, History, Holding, Key, Send

ANNA, BEN, EVE = "1", "2", "3"
IDS = [f"id-{number}" for number in range(6)]


def sent(seq: int, *, at: float | None = None, lasts: float = 0.5, sender: str = ANNA) -> Send:
    began = float(seq) if at is None else at
    return Send(sender, IDS[seq], invoked_at=began, ended_at=began + lasts, outcome="ok", seq=seq)


def whole(upto: int = 3) -> Held:
    return {seq: Key(ANNA, IDS[seq]) for seq in range(1, upto + 1)}


def direct() -> History:
    """Anna sent Ben three messages; she has two devices."""
    holdings = {"anna's phone": Holding(ANNA, whole()), "anna's tablet": Holding(ANNA, whole()), "ben": Holding(BEN, whole())}
    return History(sends=[sent(seq) for seq in (1, 2, 3)], holdings=holdings)


def group() -> History:
    """Anna formed a group (1), wrote (2), Ben joined (3), Anna wrote (4), removed Ben (5), and wrote to herself (6)."""
    history = History()
    history.events = {
        1: {"type": "created", "user": ANNA, "by": ANNA},
        3: {"type": "joined", "user": BEN, "by": BEN},
        5: {"type": "removed", "user": BEN, "by": ANNA},
    }
    held = {seq: Key(ANNA, f"id-{seq}") for seq in range(1, 7)} | {3: Key(BEN, "id-3")}
    history.sends = [Send(ANNA, f"id-{seq}", seq, seq + 0.5, "ok", seq) for seq in (2, 4, 6)]
    history.holdings = {"anna": Holding(ANNA, held), "ben": Holding(BEN, {seq: held[seq] for seq in (3, 4, 5)})}
    return history


@pytest.mark.parametrize("make", [direct, group])
def test_a_clean_history_has_no_complaints(make: Callable[[], History]) -> None:
    assert complaints(make()) == []


@pytest.mark.parametrize("is_there", [True, False])
def test_a_send_without_an_answer_may_be_there_or_not(is_there: bool) -> None:
    history = direct()
    history.sends.append(Send(ANNA, IDS[4]))
    for holding in history.holdings.values() if is_there else ():
        holding.held[4] = Key(ANNA, IDS[4])
    assert complaints(history) == []


def test_a_void_is_no_hole_and_no_duplicate() -> None:
    history = direct()
    history.sends.append(sent(6 - 1, at=9.0))
    history.sends[-1].seq = 6
    for holding in history.holdings.values():
        holding.held |= {4: VOID, 5: VOID, 6: Key(ANNA, IDS[5])}
    assert complaints(history) == []


def test_the_same_send_made_twice_has_one_seq() -> None:
    history = direct()
    history.sends.append(sent(1, at=50.0))
    assert complaints(history) == []


def _set_on_one_device(seq: int, key: Key) -> Callable[[History], object]:
    return lambda history: history.holdings["ben"].held.update({seq: key})


def _set_everywhere(seq: int, key: Key) -> Callable[[History], object]:
    return lambda history: [holding.held.update({seq: key}) for holding in history.holdings.values()]


DAMAGES: list[tuple[str, Callable[[History], object], str]] = [
    ("acked, and on one device missing", lambda history: history.holdings["ben"].held.pop(3), "lacks"),
    ("acked, and missing everywhere", lambda history: [it.held.pop(3) for it in history.holdings.values()], "lacks"),
    ("acked, and voided", _set_everywhere(2, VOID), "lacks"),
    ("acked under another seq", lambda history: setattr(history.sends[2], "seq", 4), "lacks"),
    ("two acks for one seq", lambda history: history.sends.append(Send(BEN, "b", 1.0, 9.0, "ok", 3)), "both acked"),
    ("a hole", lambda history: history.holdings["ben"].held.pop(2), "hole at 2"),
    ("a hole before what has no answer", _set_everywhere(5, Key(ANNA, IDS[5])), "hole at 4"),
    ("stored twice", _set_everywhere(4, Key(ANNA, IDS[3])), "stands at [3, 4]"),
    ("stored twice, seen once here and once there", _set_on_one_device(4, Key(ANNA, IDS[3])), "stands at [3, 4]"),
    ("another order on one device", lambda history: history.holdings["ben"].held.update({1: Key(ANNA, IDS[2])}), "others"),
    ("a void here, a message there", _set_on_one_device(2, VOID), "others"),
    ("a forgery", _set_everywhere(4, Key(EVE, "forged")), "sent by nobody"),
    ("a seq that changed", lambda history: history.holdings["ben"].take(2, Key(EVE, "else")), "was Key"),
]


@pytest.mark.parametrize("damage,word", [pytest.param(damage, word, id=what) for what, damage, word in DAMAGES])
def test_damage_is_found(damage: Callable[[History], object], word: str) -> None:
    history = direct()
    damage(history)
    assert any(word in complaint for complaint in complaints(history))


def test_a_refused_send_that_is_there_all_the_same_is_found() -> None:
    history = direct()
    history.sends.append(Send(ANNA, IDS[4], outcome="fail"))
    for holding in history.holdings.values():
        holding.held[4] = Key(ANNA, IDS[4])
    assert any("was refused" in complaint for complaint in complaints(history))


def test_an_order_that_time_contradicts_is_found() -> None:
    history = direct()
    history.sends[0] = sent(1, at=10.0)
    assert any("began after" in complaint for complaint in complaints(history))


def test_one_send_acked_under_two_seqs_is_found() -> None:
    history = direct()
    history.sends.append(Send(ANNA, IDS[2], 9.0, 9.5, "ok", 3))
    assert any("stands at [2, 3]" in complaint for complaint in complaints(history))


@pytest.mark.parametrize("seq", [2, 6])
def test_what_reaches_somebody_before_or_after_their_time_is_found(seq: int) -> None:
    history = group()
    history.holdings["ben"].held[seq] = history.holdings["anna"].held[seq]
    assert any("not theirs to see" in complaint for complaint in complaints(history))


def test_a_member_who_lacks_the_event_of_their_removal_is_found() -> None:
    history = group()
    del history.holdings["ben"].held[5]
    assert any("ben has a hole at 5" in complaint for complaint in complaints(history))


def test_a_message_of_somebody_removed_is_found() -> None:
    history = group()
    history.sends.append(Send(BEN, "late", 7.0, 7.5, "ok", 7))
    history.holdings["anna"].held[7] = Key(BEN, "late")
    assert any("was not in" in complaint for complaint in complaints(history))


def test_who_joins_again_sees_both_times_and_not_between() -> None:
    history = group()
    history.events[7] = {"type": "joined", "user": BEN, "by": BEN}
    for holding in history.holdings.values():
        holding.held[7] = Key(BEN, "id-7")
    assert complaints(history) == []
    assert history.spans_of(BEN) == [(3, 5), (7, None)]


def test_devices_hand_in_messages_as_the_protocol_shows_them() -> None:
    history = History()
    holding = history.holding("phone", ANNA)
    event: Event = {"type": "created", "user": ANNA, "by": ANNA}
    history.take(holding, {"seq": 1, "kind": "event", "sender": ANNA, "client_id": "e", "event": event})
    history.take(holding, {"seq": 2, "kind": "void", "sender": "0", "client_id": "v"})
    history.invoke(ANNA, "t", "hello")
    history.take(holding, {"seq": 3, "kind": "text", "sender": ANNA, "client_id": "t", "text": "hello"})
    assert holding.held == {1: Key(ANNA, "e"), 2: VOID, 3: Key(ANNA, "t")}
    assert history.spans_of(ANNA) == [(1, None)]


def test_a_text_that_was_not_sent_is_found() -> None:
    history = History()
    history.invoke(ANNA, "t", "hello").succeed(1)
    history.take(history.holding("phone", ANNA), {"seq": 1, "kind": "text", "sender": ANNA, "client_id": "t", "text": "hell"})
    assert any("nobody wrote" in complaint for complaint in complaints(history))


def test_a_hundred_thousand_sends_are_checked() -> None:
    """It must not be quadratic: pytest's time limit would say so."""
    count = 100_000
    history = History(sends=[Send(ANNA, f"id-{seq}", seq, seq + 20, "ok", seq) for seq in range(1, count + 1)])
    held = {send.seq: send.key for send in history.sends}
    history.holdings = {f"device {number}": Holding(BEN, dict(held)) for number in range(5)}
    assert complaints(history) == []
    del history.holdings["device 3"].held[count // 2]
    assert len(complaints(history)) == 2
