"""Whether costs stay flat: messages into long histories, and people with many conversations."""

import asyncio
from contextlib import suppress
from time import perf_counter

from bench.load.crowd import Crowd
from bench.load.rest import Rest
from bench.measure import Stretch
from bench.population import Busy
from bench.results import Result
from bench.statistics import spread_ms
from bench.workloads.context import Context
from bench.workloads.talk import Speaker, talk

IN_FLIGHT = 4
ASKS_PER_SECOND = 40.0  # one person may ask for fifty


async def growth(context: Context) -> list[Result]:
    """Two of the hundred members are online; the others' inboxes get it all the same."""
    results = []
    for history in context.population.histories:
        crowd = Crowd(Rest(context.url))
        try:
            sender, receiver = await crowd.connect(context.population.accounts[:2])
            speaker = Speaker(history.conversation, sender, [receiver], in_flight=IN_FLIGHT)
            what = f"a group of 100, two online, behind {history.head:,} messages"
            results.append(await talk(context, crowd, [speaker], f"growth-{history.head}", what))
        finally:
            await crowd.close()
    return results


async def busy(context: Context) -> list[Result]:
    """For each of the busy: messages to them, and their list of conversations over REST."""
    results = []
    for person in context.population.busy:
        crowd = Crowd(Rest(context.url))
        try:
            sender, receiver = await crowd.connect([person.friend, person.account])
            speaker = Speaker(person.conversation, sender, [receiver], in_flight=IN_FLIGHT)
            what = f"to somebody with {person.conversations:,} conversations"
            results.append(await talk(context, crowd, [speaker], f"busy-{person.conversations}", what))
            results.append(await _list(context, crowd.rest, person))
        finally:
            await crowd.close()
    return results


async def _list(context: Context, rest: Rest, person: Busy) -> Result:
    """The first page of the list, at a steady pace."""
    seconds: list[float] = []
    faults: list[str] = []
    asking = asyncio.create_task(_ask(rest, person, seconds, faults))
    stretch = Stretch(context.processes, spy=context.spy)
    await stretch.last(context.seconds)
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking
    result = stretch.result(f"list-{person.conversations}", "GET /conversations", count=len(seconds), unit="request")
    result.deliver_ms, result.faults = spread_ms(seconds), sorted(set(faults))
    return result


async def _ask(rest: Rest, person: Busy, seconds: list[float], faults: list[str]) -> None:
    wanted = min(person.conversations, 50)
    while True:
        asked_at = perf_counter()
        answer = await rest.ask("GET", "/api/v1/conversations", person.account.token)
        seconds.append(perf_counter() - asked_at)
        if len(answer["entries"]) != wanted:
            faults.append(f"a list of {len(answer['entries'])} instead of {wanted}")
        await asyncio.sleep(max(0.0, 1 / ASKS_PER_SECOND - seconds[-1]))
