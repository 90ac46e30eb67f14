"""What is kept of conversations in memory: only what is still true, and never more than so much."""

from messaging.protocol.types import Message
from messaging.stores.log.tails import MESSAGE_CHARACTERS, SEQS_KEPT, Tails


def message(seq: int, text: str = "hello", conversation: int = 1) -> Message:
    return Message(conversation, seq, 1, "id", 1_000 + seq, "text", text)


def test_what_was_kept_is_known_and_the_rest_is_not() -> None:
    tails = Tails()
    tails.keep(1, [message(4), message(5)], rev=0)
    assert tails.known(1, 3, 6, rev=0) == {4: message(4), 5: message(5)}
    assert tails.known(2, 3, 6, rev=0) == {}


def test_a_change_of_the_conversation_forgets_what_was_kept_before() -> None:
    tails = Tails()
    tails.keep(1, [message(4, "secret")], rev=0)
    assert tails.known(1, 4, 4, rev=1) == {}
    tails.keep(1, [message(4, "")], rev=1)
    assert tails.known(1, 4, 4, rev=1) == {4: message(4, "")}
    tails.forget(1)
    assert tails.known(1, 4, 4, rev=1) == {}


def test_only_the_newest_of_a_conversation_are_kept() -> None:
    tails = Tails()
    tails.keep(1, [message(seq) for seq in range(1, SEQS_KEPT + 50)], rev=0)
    assert sorted(tails.known(1, 1, 1_000, rev=0)) == list(range(50, SEQS_KEPT + 50))


def test_the_conversations_read_longest_ago_go_first() -> None:
    tails = Tails(characters_kept=3 * (MESSAGE_CHARACTERS + 10))
    for conversation in (1, 2, 3):
        tails.keep(conversation, [message(1, "x" * 10, conversation)], rev=0)
    assert tails.known(1, 1, 1, rev=0)
    tails.keep(4, [message(1, "x" * 10, 4)], rev=0)
    assert [bool(tails.known(conversation, 1, 1, rev=0)) for conversation in (1, 2, 3, 4)] == [True, False, True, True]


def test_one_that_is_too_long_for_all_the_room_is_not_kept() -> None:
    tails = Tails(characters_kept=1_000)
    tails.keep(1, [message(1, "x" * 2_000)], rev=0)
    assert tails.known(1, 1, 1, rev=0) == {}
