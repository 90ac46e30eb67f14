"""People who read: W4, pages of a long history over the socket."""

import asyncio
import random
from time import perf_counter

import msgspec

from bench.load.crowd import Crowd
from bench.load.rest import Rest
from bench.load.socket import Socket
from bench.population import History
from bench.results import Result
from bench.statistics import spread_ms
from bench.workloads.context import Context

CLIENTS = 8
PAGE = 50
SEED = 4


class Reader:
    """One of the clients: asks again as soon as it has its page."""

    def __init__(self, history: History, socket: Socket, *, anywhere: bool) -> None:
        self.seconds: list[float] = []
        self.faults: list[str] = []
        self._history = history
        self._socket = socket
        self._random = random.Random(SEED) if anywhere else None
        self._turn = 0
        self._is_reading = True
        self._idle = asyncio.Event()
        socket.hear = self._hear

    def start(self) -> None:
        self._ask()

    async def stop(self) -> None:
        self._is_reading = False
        async with asyncio.timeout(10):
            await self._idle.wait()

    def _ask(self) -> None:
        self._turn += 1
        self._last = self._history.head
        before = ""
        if self._random is not None:
            self._last = self._random.randint(PAGE, self._history.head)
            before = f',"before":{self._last + 1}'
        self._asked_at = perf_counter()
        text = f'{{"type":"history","id":"{self._turn}","conversation":"{self._history.conversation}","limit":{PAGE}{before}}}'
        self._socket.send(text.encode())

    def _hear(self, chunk: bytes, start: int, stop: int) -> None:
        page = chunk.startswith(b'{"type":"page"', start)
        if not page and not chunk.startswith(b'{"type":"error"', start):
            return
        self.seconds.append(perf_counter() - self._asked_at)
        if not page or self._turn % 64 == 1:  # each whole one costs as much as the rest of the client
            self._check(chunk[start:stop])
        elif chunk.count(b'"seq":', start, stop) != PAGE:
            self.faults.append(f"a page that is not of {PAGE} messages")
        if self._is_reading:
            self._ask()
        else:
            self._idle.set()

    def _check(self, text: bytes) -> None:
        answer = msgspec.json.decode(text)
        if answer["type"] == "error":
            self.faults.append(f"refused: {text.decode()}")
        elif [message["seq"] for message in answer["messages"]] != list(range(self._last - PAGE + 1, self._last + 1)):
            self.faults.append(f"not the {PAGE} messages up to {self._last}")


async def pages(context: Context, history: History, *, name: str, anywhere: bool = False) -> Result:
    """The newest page, or `anywhere`: pages at random seqs, which no cache holds."""
    crowd = Crowd(Rest(context.url))
    try:
        readers = await open_readers(context, crowd, history, anywhere=anywhere)
        stretch = await context.stretch()
        for reader in readers:
            reader.start()
        await asyncio.sleep(context.warm_up_seconds / 2)
        before = [len(reader.seconds) for reader in readers]
        await stretch.last(context.seconds)
        seconds = [took for reader, skipped in zip(readers, before, strict=True) for took in reader.seconds[skipped:]]
        await asyncio.gather(*(reader.stop() for reader in readers))
        where = "random pages" if anywhere else "the newest page"
        result = stretch.result(name, f"{where} of {history.head:,}, {CLIENTS} clients", count=len(seconds), unit="page")
        result.deliver_ms = spread_ms(seconds)
        result.faults = sorted({fault for reader in readers for fault in reader.faults})[:5] + crowd.lost()
        return result
    finally:
        await crowd.close()


async def open_readers(context: Context, crowd: Crowd, history: History, *, anywhere: bool) -> list[Reader]:
    sockets = await crowd.connect(context.population.accounts[:CLIENTS])
    return [Reader(history, socket, anywhere=anywhere) for socket in sockets]
