"""People who talk: W1 (pairs), W1r (pairs, at a fixed rate) and W2 (one group)."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from itertools import cycle
from time import perf_counter

from bench.load.crowd import Crowd
from bench.load.ledger import Ledger, Receiver
from bench.load.metronome import Metronome
from bench.load.rest import Rest
from bench.load.socket import Socket
from bench.results import Result
from bench.statistics import spread_ms
from bench.workloads.context import Context

TEXT_BYTES = 100
NUMBER_DIGITS = 12
SETTLE_SECONDS = 0.5  # for what should not come any more
PATIENCE_SECONDS = 20.0
SEQ, ID, TEXT = b'"seq":', b'"id":"', b'"text":"'
CLIENT_LATE = "client late by, p99 ms (part of the times)"
ACK, ERROR = b'{"type":"ack"', b'{"type":"error"'


class Speaker:
    """One sender in one conversation, with its receivers' sockets. Keeps `in_flight` messages on their way once started; 0: sends when told."""

    def __init__(
        self, conversation: str, sender: Socket, receivers: Sequence[Socket], *, in_flight: int, marks: bool = False
    ) -> None:
        self.ledger = Ledger(conversation, receivers=len(receivers), done=self._next)
        self.is_talking = False
        self._socket = sender
        self._in_flight = in_flight
        self._tag = secrets.token_hex(4).encode()
        self._conversation = conversation.encode()
        self._message = b'{"type":"message","conversation":"' + self._conversation + b'"'
        self._text = TEXT + self._tag
        self._frame = self._template()
        sender.hear = self._hear_answer
        for socket, receiver in zip(receivers, self.ledger.receivers, strict=True):
            socket.hear = self._ear(receiver, socket if marks else None)

    def _template(self) -> bytes:
        """Filled with id, client id, after and the number that its text tells."""
        unique = secrets.token_hex(8).encode()
        client_id = b"%b-%b-4%b-8%b-" % (unique[:8], unique[8:12], unique[12:15], unique[13:16])
        padding = b"x" * (TEXT_BYTES - len(self._tag) - NUMBER_DIGITS)
        return (
            b'{"type":"send","id":"%d","conversation":"'
            + self._conversation
            + b'","client_id":"'
            + client_id
            + b'%012x","after":%d,'
            b'"text":"' + self._tag + b"%012d" + padding + b'"}'
        )

    def start(self) -> None:
        self.is_talking = True
        for _ in range(self._in_flight):
            self.say()

    def stop(self) -> None:
        """What is on its way still arrives."""
        self.is_talking = False

    def say(self, at: float = 0.0) -> None:
        """`at`: the moment that was meant for it, from which its times count."""
        number = self.ledger.note_sent(at)
        self._socket.send(self._frame % (number, number, self.ledger.head, number))

    def _next(self) -> None:
        if self.is_talking and self._in_flight:
            self.say()

    def _hear_answer(self, chunk: bytes, start: int, stop: int) -> None:
        if chunk.startswith(ACK, start):
            at = chunk.find(ID, start, stop) + len(ID)
            number = int(chunk[at : chunk.find(b'"', at, stop)])
            self.ledger.note_ack(number, _seq(chunk, start, stop))
        elif chunk.startswith(ERROR, start):
            self.ledger.refusals.append(f"refused: {chunk[start:stop].decode()}")

    def _ear(self, receiver: Receiver, marker: Socket | None) -> Callable[[bytes, int, int], None]:
        message, text, skip, ledger = self._message, self._text, len(self._text), self.ledger
        mark = b'{"type":"read","conversation":"' + self._conversation + b'","seq":%d}'

        def hear(chunk: bytes, start: int, stop: int) -> None:
            if not chunk.startswith(message, start):
                return
            at = chunk.find(text, start, stop)
            if at < 0:  # of an earlier workload, or nobody's
                return
            at += skip
            seq = _seq(chunk, start, stop)
            ledger.note_delivery(receiver, int(chunk[at : at + NUMBER_DIGITS]), seq)
            if marker is not None:
                marker.send(mark % seq)

        return hear


def _seq(chunk: bytes, start: int, stop: int) -> int:
    at = chunk.find(SEQ, start, stop) + len(SEQ)
    return int(chunk[at : chunk.find(b",", at, stop)])


async def pairs(
    context: Context, *, name: str = "w1", in_flight: int = 4, per_second: float = 0.0, marks: bool = False
) -> Result:
    """`per_second` sends that many over all pairs, whatever comes back; else each sender keeps `in_flight` on their way."""
    crowd = Crowd(Rest(context.url))
    try:
        speakers = await open_pairs(context, crowd, in_flight=0 if per_second else in_flight, marks=marks)
        what = f"{len(speakers)} pairs, " + (f"{per_second:.0f} msg/s" if per_second else f"{in_flight} in flight")
        return await talk(context, crowd, speakers, name, what, per_second=per_second)
    finally:
        await crowd.close()


async def open_pairs(context: Context, crowd: Crowd, *, in_flight: int, marks: bool = False) -> list[Speaker]:
    conversations = context.population.pairs
    sockets = await crowd.connect(context.population.accounts[: 2 * len(conversations)])
    return [
        Speaker(conversation, sockets[2 * at], [sockets[2 * at + 1]], in_flight=in_flight, marks=marks)
        for at, conversation in enumerate(conversations)
    ]


async def group(context: Context, *, name: str = "w2", in_flight: int = 2) -> Result:
    """One speaks, 99 hear."""
    people = context.population.accounts[:100]
    crowd = Crowd(Rest(context.url))
    try:
        sender, *receivers = await crowd.connect(people)
        speaker = Speaker(context.population.group, sender, receivers, in_flight=in_flight)
        return await talk(context, crowd, [speaker], name, f"one sender, {len(receivers)} receivers, {in_flight} in flight")
    finally:
        await crowd.close()


async def talk(
    context: Context, crowd: Crowd, speakers: list[Speaker], name: str, what: str, *, per_second: float = 0.0
) -> Result:
    ledgers = [speaker.ledger for speaker in speakers]
    stretch = await context.stretch(*ledgers)
    for speaker in speakers:
        speaker.start()
    metronome = in_turns(speakers, per_second) if per_second else None
    try:
        await asyncio.sleep(context.warm_up_seconds)
        await stretch.last(context.seconds)
    finally:
        for speaker in speakers:
            speaker.stop()
        if metronome:
            metronome.stop()
    await settle(ledgers)
    result = stretch.result(name, what, count=stretch.deliveries)
    result.faults = [fault for ledger in ledgers for fault in ledger.faults()] + crowd.lost()
    result.figures["sent, with the warm-up"] = sum(len(ledger) for ledger in ledgers)
    if disorder := sum(receiver.disorder for ledger in ledgers for receiver in ledger.receivers):
        result.figures["came after a later one (allowed)"] = disorder
    if metronome:
        result.figures[CLIENT_LATE] = spread_ms(metronome.late_seconds)["p99"]
    return result


def in_turns(speakers: Sequence[Speaker], per_second: float) -> Metronome:
    """One speaks after the other, at an even pace."""
    turns = cycle(speakers)
    return Metronome(per_second, lambda due: next(turns).say(due))


async def settle(ledgers: Sequence[Ledger]) -> None:
    deadline = perf_counter() + PATIENCE_SECONDS
    while any(ledger.undone for ledger in ledgers) and perf_counter() < deadline:  # noqa: ASYNC110 - ledgers have no event
        await asyncio.sleep(0.05)
    await asyncio.sleep(SETTLE_SECONDS)
