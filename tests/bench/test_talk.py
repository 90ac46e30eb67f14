"""A speaker and the server's own frames: what it says is understood, and what it is told ends in its ledger."""

import itertools
from collections.abc import Callable
from typing import cast

import msgspec

from bench.load.socket import Socket
from bench.workloads.talk import TEXT_BYTES, Speaker
from chatsite.core.errors import Busy
from messaging.protocol.commands import Send, decode_command
from messaging.protocol.events import Ack, MessageEvent, MessageView, encode_error, encode_event
from messaging.services.drafts import draft_text
from tests.bench.wire import FakeSocket

CONVERSATION = "9007199254740995"


class Exchange:
    """Answers like a server; `drops` says which (message, receiver) never arrive."""

    def __init__(self, drops: Callable[[int, int], bool] = lambda message, receiver: False) -> None:
        self.sender, self.receivers = FakeSocket(self.answer), [FakeSocket(), FakeSocket()]
        self.sends: list[Send] = []
        self._drops = drops
        self._seqs = itertools.count(1)

    def speaker(self, *, in_flight: int = 0, marks: bool = False) -> Speaker:
        receivers = cast("list[Socket]", self.receivers)
        return Speaker(CONVERSATION, cast("Socket", self.sender), receivers, in_flight=in_flight, marks=marks)

    def answer(self, text: bytes) -> None:
        command = decode_command(text.decode())
        assert isinstance(command, Send)
        draft_text(sender=1, conversation=2, client_id=command.client_id, text=command.text)  # raises for a bad one
        self.sends.append(command)
        seq = next(self._seqs)
        self.sender.say(encode_event(Ack(command.id, CONVERSATION, command.client_id, seq, 5, False)))
        view = MessageView(seq, "text", "1", command.client_id, 5, command.text)
        for place, receiver in enumerate(self.receivers):
            receiver.say(encode_event(MessageEvent(CONVERSATION, seq, view)))
            if self._drops(seq, place):
                receiver.unsay()


def test_what_a_speaker_says_reaches_its_ledger() -> None:
    exchange = Exchange()
    speaker = exchange.speaker()
    for _ in range(12):
        speaker.say()
    exchange.sender.flush()
    for receiver in exchange.receivers:
        receiver.flush()
    assert speaker.ledger.faults() == []
    assert (len(speaker.ledger), speaker.ledger.undone, speaker.ledger.head) == (12, 0, 12)
    assert {len(send.text) for send in exchange.sends} == {TEXT_BYTES}
    assert len({send.client_id for send in exchange.sends}) == 12


def test_a_frame_that_is_lost_on_the_way_is_found() -> None:
    exchange = Exchange(drops=lambda message, receiver: (message, receiver) == (3, 1))
    speaker = exchange.speaker()
    for _ in range(5):
        speaker.say()
    exchange.sender.flush()
    for receiver in exchange.receivers:
        receiver.flush()
    assert speaker.ledger.faults() == [f"{CONVERSATION}: lost 2, 1 of 2 receivers"]


def test_a_refusal_is_a_fault() -> None:
    exchange = Exchange()
    speaker = exchange.speaker()
    speaker.say()
    exchange.sender.say(encode_error(Busy(), "0"))
    exchange.sender.flush()
    assert any("refused" in fault for fault in speaker.ledger.faults())


def test_so_many_are_kept_in_flight() -> None:
    exchange = Exchange()
    speaker = exchange.speaker(in_flight=3)
    speaker.start()
    assert len(exchange.sends) == 3
    exchange.sender.flush()
    exchange.receivers[0].flush()
    assert len(exchange.sends) == 3  # one receiver has nothing yet
    exchange.receivers[1].flush(2)
    assert len(exchange.sends) == 5
    speaker.stop()
    exchange.receivers[1].flush()
    assert len(exchange.sends) == 5


def test_messages_of_others_are_not_counted() -> None:
    exchange = Exchange()
    speaker = exchange.speaker()
    view = MessageView(1, "text", "1", "c", 5, "0" * TEXT_BYTES)
    exchange.receivers[0].say(encode_event(MessageEvent(CONVERSATION, 1, view)))
    exchange.receivers[0].say(encode_event(MessageEvent("8", 1, view)))
    exchange.receivers[0].flush()
    assert len(speaker.ledger.receivers[0].numbers) == 0


def test_receivers_may_mark_what_they_read() -> None:
    exchange = Exchange()
    exchange.speaker(marks=True).say()
    exchange.receivers[0].flush()
    (marked,) = exchange.receivers[0].sent
    assert msgspec.json.decode(marked) == {"type": "read", "conversation": CONVERSATION, "seq": 1}
