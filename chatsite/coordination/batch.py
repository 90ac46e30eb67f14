"""Gathers what many callers ask of a shard into one call for each."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Generic

from chatsite.core.batch import Answer, Batcher, Item
from chatsite.core.errors import Unavailable
from chatsite.core.together import together


class ShardBatcher(Generic[Item, Answer]):
    """A batcher for each shard: one that is slow or away keeps nobody waiting who does not need it."""

    def __init__(self, count: int, call: Callable[[int, list[Item]], Awaitable[Sequence[Answer]]], *, most: int = 500) -> None:
        self._batchers = [Batcher(partial(call, shard), most=most) for shard in range(count)]

    async def ask(self, shard: int, item: Item) -> Answer:
        (answer,) = await self._batchers[shard].ask([item])
        return answer

    async def ask_each(self, shards: Sequence[int], items: Sequence[Item]) -> list[Answer | Unavailable]:
        """Asks every item of its shard, all shards at once. What a shard that is away would have answered is its Unavailable."""
        by_shard: dict[int, list[int]] = {}
        for index, shard in enumerate(shards):
            by_shard.setdefault(shard, []).append(index)
        found: dict[int, Answer | Unavailable] = {}

        async def ask(shard: int, indexes: list[int]) -> None:
            try:
                answers: Sequence[Answer | Unavailable] = await self._batchers[shard].ask([items[index] for index in indexes])
            except Unavailable as error:
                answers = [error] * len(indexes)
            found.update(zip(indexes, answers, strict=True))

        await together([ask(shard, indexes) for shard, indexes in by_shard.items()])
        return [found[index] for index in range(len(items))]
