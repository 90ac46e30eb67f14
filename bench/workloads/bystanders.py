"""Two who talk while others do something: in a process of their own, so that their times are not those of a client with its hands full."""

import asyncio
import sys
from collections.abc import Sequence
from itertools import pairwise

import msgspec
import uvloop

from bench.load.crowd import Crowd
from bench.load.rest import Rest
from bench.population import Account
from bench.statistics import spread_ms
from bench.workloads.talk import Speaker, in_turns, settle

READY = b"ready\n"
FINISH_SECONDS = 60.0


class Talk(msgspec.Struct, frozen=True):
    """What they are to do."""

    url: str
    accounts: list[Account]
    conversation: str
    per_second: float


class Noticed(msgspec.Struct, frozen=True):
    """What came of it: times of each stretch between two marks (seconds, the beginning and the end being marks too), and what was wrong."""

    deliver_seconds: list[list[float]]
    ack_seconds: list[list[float]]
    late_ms: float  # how late they themselves were, p99: part of the times
    faults: list[str]


class Bystanders:
    """`mark` ends one stretch and begins the next."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin
        assert process.stdout
        self._process, self._stdin, self._stdout = process, process.stdin, process.stdout

    @classmethod
    async def start(cls, talk: Talk) -> "Bystanders":
        """Returns when they talk. Raises OSError."""
        pipe = asyncio.subprocess.PIPE
        them = cls(await asyncio.create_subprocess_exec(sys.executable, "-m", __name__, stdin=pipe, stdout=pipe, limit=2**26))
        them._stdin.write(msgspec.json.encode(talk) + b"\n")
        if await them._stdout.readline() != READY:
            raise ConnectionError("the bystanders did not get to talk")
        return them

    def mark(self) -> None:
        self._stdin.write(b"mark\n")

    async def finish(self) -> Noticed:
        self._stdin.close()
        async with asyncio.timeout(FINISH_SECONDS):
            return msgspec.json.decode(await self._stdout.read(), type=Noticed)

    async def close(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


async def talk(wish: Talk, stdin: asyncio.StreamReader) -> Noticed:
    """Until the input ends."""
    crowd = Crowd(Rest(wish.url))
    try:
        one, other = await crowd.connect(wish.accounts)
        speaker = Speaker(wish.conversation, one, [other], in_flight=0)
        ledger = speaker.ledger
        metronome = in_turns([speaker], wish.per_second)
        sys.stdout.buffer.write(READY)
        sys.stdout.buffer.flush()
        marks = [(0, 0)]
        while await stdin.readline():
            marks.append((len(ledger.deliver_seconds), len(ledger.ack_seconds)))
        metronome.stop()
        await settle([ledger])
        marks.append((len(ledger.deliver_seconds), len(ledger.ack_seconds)))
        return Noticed(
            deliver_seconds=_between(ledger.deliver_seconds, [delivered for delivered, _ in marks]),
            ack_seconds=_between(ledger.ack_seconds, [acked for _, acked in marks]),
            late_ms=spread_ms(metronome.late_seconds)["p99"],
            faults=ledger.faults() + crowd.lost(),
        )
    finally:
        await crowd.close()


def _between(seconds: Sequence[float], marks: Sequence[int]) -> list[list[float]]:
    return [list(seconds[begin:end]) for begin, end in pairwise(marks)]


async def main() -> None:
    stdin = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    wish = msgspec.json.decode(await stdin.readline(), type=Talk)
    sys.stdout.buffer.write(msgspec.json.encode(await talk(wish, stdin)))


if __name__ == "__main__":
    uvloop.run(main())
