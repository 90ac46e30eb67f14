"""How one device comes in, as docs/protocol.md has it: a ticket, the first node, then the next; full jitter; and the time it was told."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field

import msgspec

from bench.load.rest import Rest, Told
from bench.load.socket import Refused, Socket, open_socket
from bench.population import Account

HELLO_SECONDS = 60.0
BACKOFF_SECONDS, BACKOFF_MAX_SECONDS = 0.5, 30.0
COME_AGAIN = {1012, 1013, 4006}  # closed with one of these, a device was told to resume, elsewhere


class Door(msgspec.Struct, frozen=True):
    url: str
    ticket: str


@dataclass
class Obstacles:
    """What kept devices from coming in. `told` are refusals that say to try again; all else are `errors`."""

    told: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)

    def note(self, error: Told | OSError) -> float | None:
        """Returns the seconds that the server asked to wait; None where it did not say to come again."""
        after: float | None = getattr(error, "retry_after", None)
        if isinstance(error, Refused) and error.code in COME_AGAIN:
            after = after or 0.0
        words = f"HTTP {error.status}" if isinstance(error, Told) else f"{type(error).__name__}: {error}"[:80]
        (self.errors if after is None else self.told)[words] += 1
        return after


async def arrive(
    rest: Rest, account: Account, *, source: str | None, obstacles: Obstacles, comes_back: bool = False
) -> tuple[Socket, str]:
    """Tries until it is in; returns the socket and the cursor it was given. Who `comes_back` waits a moment before the first try, and
    goes on after errors; others raise what is not a refusal that says to try again: Told, OSError.
    """
    tries, wait = 0, random.uniform(0, BACKOFF_SECONDS) if comes_back else 0.0
    while True:
        await asyncio.sleep(wait)
        try:
            doors = await find_doors(rest, account)
            return await enter(doors[tries % len(doors)], source=source)
        except (Told, OSError) as error:  # a time-out is an OSError too
            after = obstacles.note(error)
            if after is None and not comes_back:
                raise
            tries += 1
            wait = (after or 0.0) + random.uniform(0, min(BACKOFF_MAX_SECONDS, BACKOFF_SECONDS * 2**tries))


async def find_doors(rest: Rest, account: Account) -> list[Door]:
    """The nodes to try. Raises Told, OSError."""
    answer = await rest.ask("POST", "/api/v1/connections", account.token, b"{}")
    return msgspec.convert(answer["nodes"], list[Door])


async def enter(door: Door, *, source: str | None = None) -> tuple[Socket, str]:
    """A socket that was made welcome, and the cursor it was given. Raises OSError."""
    socket = await open_socket(door.url, source=source)
    welcomed: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def heard(chunk: bytes, start: int, stop: int) -> None:
        if not welcomed.done():
            welcomed.set_result(chunk[start:stop])

    def gone(refused: Refused) -> None:
        if not welcomed.done():
            welcomed.set_exception(refused)

    socket.hear, socket.gone = heard, gone
    socket.send(msgspec.json.encode({"type": "hello", "ticket": door.ticket}))
    try:
        async with asyncio.timeout(HELLO_SECONDS):
            text = await welcomed
    except BaseException:
        socket.abort()
        raise
    answer = msgspec.json.decode(text)
    if answer["type"] != "welcome":
        socket.abort()
        raise Refused(text.decode(), retry_after=answer.get("retry_after"))
    return socket, answer["cursor"]
