"""What many ask in one tick goes in one call, and nobody waits for somebody else's failure."""

import asyncio
from collections.abc import Sequence

import pytest

from chatsite.coordination.batch import ShardBatcher
from chatsite.core import batch
from chatsite.core.batch import Batcher
from chatsite.core.errors import Busy, Unavailable


class Calls:
    """Answers with ten times each item; holds calls back until `go` is set."""

    def __init__(self) -> None:
        self.seen: list[list[int]] = []
        self.go = asyncio.Event()
        self.go.set()
        self.refuses: set[int] = set()

    async def __call__(self, items: list[int]) -> Sequence[int]:
        self.seen.append(items)
        await self.go.wait()
        if self.refuses & set(items):
            raise Unavailable
        return [10 * item for item in items]


async def test_what_is_asked_in_one_tick_goes_in_one_call() -> None:
    calls = Calls()
    batcher = Batcher(calls)
    assert await asyncio.gather(*(batcher.ask([number, number + 1]) for number in (1, 5, 3))) == [[10, 20], [50, 60], [30, 40]]
    assert calls.seen == [[1, 2, 5, 6, 3, 4]]


async def test_what_comes_while_a_call_is_under_way_goes_in_the_next_in_order() -> None:
    calls = Calls()
    calls.go.clear()
    batcher = Batcher(calls)
    asked = [asyncio.create_task(batcher.ask([1]))]
    while not calls.seen:
        await asyncio.sleep(0)
    asked += [asyncio.create_task(batcher.ask([number])) for number in (2, 3)]
    await asyncio.sleep(0)
    calls.go.set()
    assert await asyncio.gather(*asked) == [[10], [20], [30]]
    assert calls.seen == [[1], [2, 3]]


async def test_a_call_takes_no_more_than_it_may() -> None:
    calls = Calls()
    batcher = Batcher(calls, most=3)
    await asyncio.gather(*(batcher.ask(items) for items in ([1, 2], [3, 4], [5], [6, 7, 8, 9])))
    assert calls.seen == [[1, 2], [3, 4, 5], [6, 7, 8, 9]]


async def test_a_failed_call_fails_those_who_rode_on_it_and_no_later_ones() -> None:
    calls = Calls()
    calls.refuses = {1}
    batcher = Batcher(calls)
    failed = await asyncio.gather(batcher.ask([1]), batcher.ask([2]), return_exceptions=True)
    assert [type(error) for error in failed] == [Unavailable, Unavailable]
    assert await batcher.ask([3]) == [30]


async def test_somebody_who_goes_takes_no_answer_from_the_others() -> None:
    calls = Calls()
    calls.go.clear()
    batcher = Batcher(calls)
    gone, stays = (asyncio.create_task(batcher.ask([number])) for number in (1, 2))
    while not calls.seen:
        await asyncio.sleep(0)
    gone.cancel()
    calls.go.set()
    assert await stays == [20]


async def test_beyond_the_bound_askers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "WAITING_MAX", 2)
    calls = Calls()
    batcher = Batcher(calls)
    asked = asyncio.create_task(batcher.ask([1, 2]))
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await batcher.ask([3])
    assert await asked == [10, 20]
    assert await batcher.ask([3]) == [30]


async def test_each_shard_answers_for_itself_and_answers_keep_their_places() -> None:
    async def call(shard: int, items: list[str]) -> list[str]:
        if shard == 1:
            raise Unavailable
        return [f"{item} of {shard}" for item in items]

    batcher = ShardBatcher(3, call)
    first, second, third, fourth = await batcher.ask_each([2, 1, 0, 2], ["a", "b", "c", "d"])
    assert (first, third, fourth) == ("a of 2", "c of 0", "d of 2")
    assert isinstance(second, Unavailable)
    assert await batcher.ask_each([], []) == []
