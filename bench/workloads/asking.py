"""People who ask: pages and lists over REST, and what somebody missed over the socket."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter

import msgspec

from bench.load.crowd import Crowd
from bench.load.ledger import Ledger
from bench.load.rest import Rest
from bench.load.socket import Socket
from bench.population import Account
from bench.results import Result
from bench.statistics import spread_ms
from bench.workloads.context import Context
from bench.workloads.pages import CLIENTS, PAGE
from bench.workloads.talk import Speaker, settle

LISTED = 50
MEMBERS = 96  # who ask in turns
LEAST_SECONDS = 1 / 45  # between two questions of one person, who may ask fifty times a second
MISSED, MISSED_FROM = 500, 10  # messages, in so many conversations
ANSWER_SECONDS = 30.0
Ask = Callable[[], Awaitable[str]]  # asks once; answers with what is wrong, or ""


async def rest_page(context: Context) -> list[Result]:
    """The newest page of each history, by its members in turns."""
    results = []
    for history in context.population.histories:
        rest, path = Rest(context.url), f"/api/v1/conversations/{history.conversation}/messages?limit={PAGE}"
        wanted = list(range(max(1, history.head - PAGE + 1), history.head + 1))

        async def ask(account: Account, rest: Rest = rest, path: str = path, wanted: list[int] = wanted) -> str:
            answer = await rest.ask("GET", path, account.token)
            return "" if [message["seq"] for message in answer["messages"]] == wanted else "not the newest page"

        people = [_of(account, ask) for account in context.population.accounts[:MEMBERS]]
        what = f"GET the newest {PAGE} of {history.head:,}, {CLIENTS} clients"
        results.append(await _measure(context, f"rest-page-{history.head}", what, people))
        await rest.close()
    return results


async def rest_list(context: Context) -> list[Result]:
    """The first page of the list of people with many conversations."""
    results = []
    for busy in context.population.busy:
        rest, wanted = Rest(context.url), min(busy.count, LISTED)

        async def ask(account: Account, rest: Rest = rest, wanted: int = wanted) -> str:
            listed = len((await rest.ask("GET", "/api/v1/conversations", account.token))["entries"])
            return "" if listed == wanted else f"a list of {listed} instead of {wanted}"

        people = [_of(account, ask) for account in busy.accounts]
        what = f"GET /conversations, {busy.count:,} of them, {CLIENTS} clients"
        results.append(await _measure(context, f"rest-list-{busy.count}", what, people))
        await rest.close()
    return results


async def sync_500(context: Context) -> list[Result]:
    """What 500 messages in ten conversations left to sync, again and again from the same cursor."""
    able = [busy for busy in context.population.busy if busy.count >= MISSED_FROM]
    if not able:
        return []
    busy = able[-1]
    crowd = Crowd(Rest(context.url))
    try:
        sockets = await crowd.connect(busy.accounts)
        friends = await crowd.connect(busy.friends[:MISSED_FROM])
        faults = [fault for row in busy.conversations for fault in await _miss(row, friends)]
        people = [_sync(socket, crowd.cursors[account.id]) for socket, account in zip(sockets, busy.accounts, strict=True)]
        result = await _measure(context, "sync-500", f"sync of {MISSED} missed messages, {CLIENTS} clients", people)
        result.faults += faults + crowd.lost()
        return [result]
    finally:
        await crowd.close()


async def _miss(conversations: Sequence[str], friends: Sequence[Socket]) -> list[str]:
    """Each friend says as much as the others to one person."""
    speakers = [Speaker(row, friend, [], in_flight=0) for row, friend in zip(conversations, friends, strict=False)]
    for _ in range(MISSED // MISSED_FROM):
        for speaker in speakers:
            speaker.say()
    ledgers: list[Ledger] = [speaker.ledger for speaker in speakers]
    await settle(ledgers)
    return [fault for ledger in ledgers for fault in ledger.faults()]


def _sync(socket: Socket, cursor: str) -> Ask:
    question = msgspec.json.encode({"type": "sync", "id": "s", "cursor": cursor})

    async def ask() -> str:
        answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        def heard(chunk: bytes, start: int, stop: int) -> None:
            if b'"id":"s"' in chunk[start : start + 64] and not answered.done():
                answered.set_result(chunk[start:stop])

        socket.hear = heard
        socket.send(question)
        async with asyncio.timeout(ANSWER_SECONDS):
            text = await answered
        came = text.count(b'"client_id":')  # to decode half a megabyte costs as much as to make it
        return "" if came == MISSED else f"a sync of {came} messages instead of {MISSED}: {text[:80].decode()}"

    return ask


def _of(account: Account, ask: Callable[[Account], Awaitable[str]]) -> Ask:
    return lambda: ask(account)


async def _measure(context: Context, name: str, what: str, people: Sequence[Ask]) -> Result:
    """CLIENTS of them at a time ask again as soon as they have their answer, each as the next of its people."""
    seconds: list[float] = []
    faults: set[str] = set()
    stretch = await context.stretch()
    async with asyncio.TaskGroup() as group:
        clients = [group.create_task(_client(people[at::CLIENTS], seconds, faults)) for at in range(CLIENTS)]
        await asyncio.sleep(context.warm_up_seconds / 2)
        skipped = len(seconds)
        await stretch.last(context.seconds)
        asked = len(seconds)
        for client in clients:
            client.cancel()
    result = stretch.result(name, what, count=asked - skipped, unit="request")
    result.deliver_ms, result.faults = spread_ms(seconds[skipped:asked]), sorted(faults)
    return result


async def _client(people: Sequence[Ask], seconds: list[float], faults: set[str]) -> None:
    while people:
        for ask in people:
            asked_at = perf_counter()
            if fault := await ask():
                faults.add(fault)
            seconds.append(perf_counter() - asked_at)
            await asyncio.sleep(max(0.0, LEAST_SECONDS / len(people) - seconds[-1]))
