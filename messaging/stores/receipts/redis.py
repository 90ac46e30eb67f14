"""Receipts on Redis shards, each conversation's marks on its shard, loaded from Cassandra and written behind into it."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from chatsite.coordination.batch import ShardBatcher
from chatsite.coordination.shards import Script, Shards
from chatsite.core.cassandra import CassandraOptions
from chatsite.core.errors import Unavailable
from messaging.protocol.types import Mark
from messaging.stores.receipts.cassandra import StoredMarks

KEPT_SECONDS = 7 * 86_400
STORE_AFTER_SECONDS = 5.0
HIDDEN_MS = 10_000  # a claimed mark comes again after this: longer than a write takes
CLAIM_MAX = 500
LOADS_AT_ONCE = 16
LOADS_MAX = 3

_MARK, _LIST, _LOAD, _CLAIM, _SETTLE = (
    Script.beside(__file__, f"lua/{name}.lua") for name in ("mark", "list", "load", "claim", "settle")
)


class _Question(NamedTuple):
    conversation: int
    user: int | None


# Nothing where the conversation's marks are not on its shard.
_Raised = tuple[Mark, bool] | None  # the mark as it stands, and whether it moved
_Found = list[Mark] | None
Item = TypeVar("Item", Mark, _Question)
Answer = TypeVar("Answer")


class RedisReceipts:
    """What a shard loses with its life are the marks of the last `store_after_seconds`."""

    def __init__(
        self, *, urls: Sequence[str], cassandra: CassandraOptions, store_after_seconds: float = STORE_AFTER_SECONDS
    ) -> None:
        self._shards = Shards.open(urls=urls, cassandra=cassandra)
        self._stored = StoredMarks(cassandra)
        self._store_after_ms = round(store_after_seconds * 1_000)
        self._marking: ShardBatcher[Mark, _Raised] = ShardBatcher(self._shards.count, self._call_mark)
        self._asking: ShardBatcher[_Question, _Found] = ShardBatcher(self._shards.count, self._call_list, most=200)
        self._loading: dict[int, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(LOADS_AT_ONCE)

    async def close(self) -> None:
        await asyncio.gather(*self._loading.values(), return_exceptions=True)
        await self._stored.close()
        await self._shards.close()

    async def mark(self, marks: Sequence[Mark]) -> list[Mark]:
        highest: dict[tuple[int, int], Mark] = {}
        for mark in marks:
            known = highest.get((mark.conversation, mark.user), mark)
            highest[mark.conversation, mark.user] = Mark(
                mark.conversation, mark.user, read=max(known.read, mark.read), delivered=max(known.delivered, mark.delivered)
            )
        answers = await self._ask(self._marking, list(highest.values()))
        for answer in answers:
            if isinstance(answer, Unavailable):
                raise answer
        return [mark for mark, has_moved in (answer for answer in answers if not isinstance(answer, Unavailable)) if has_moved]

    async def of_user(self, user: int, conversations: Sequence[int]) -> list[Mark]:
        """Where a shard is away, the marks as they are stored."""
        found = await self._list([_Question(conversation, user) for conversation in conversations])
        mine = [next((mark for mark in marks if mark.user == user), None) for marks in found]
        return [mark or Mark(conversation, user) for conversation, mark in zip(conversations, mine, strict=True)]

    async def of_conversation(self, conversation: int) -> list[Mark]:
        """While its shard is away, the marks as they are stored."""
        (marks,) = await self._list([_Question(conversation, None)])
        return marks

    async def _list(self, questions: Sequence[_Question]) -> list[list[Mark]]:
        found = await self._ask(self._asking, questions)
        return [
            await self._read_stored(question.conversation) if isinstance(marks, Unavailable) else marks
            for question, marks in zip(questions, found, strict=True)
        ]

    async def _ask(self, batcher: "ShardBatcher[Item, Answer | None]", items: Sequence[Item]) -> list[Answer | Unavailable]:
        """Loads what is not on its shard, and asks again."""
        answers: dict[int, Answer | Unavailable] = {}
        missing = list(range(len(items)))
        for _ in range(LOADS_MAX):
            some = [items[index] for index in missing]
            found = await batcher.ask_each([self._shards.of(item.conversation) for item in some], some)
            answers.update((index, answer) for index, answer in zip(missing, found, strict=True) if answer is not None)
            missing = [index for index, answer in zip(missing, found, strict=True) if answer is None]
            if not missing:
                return [answers[index] for index in range(len(items))]
            await asyncio.gather(*(self._load(conversation) for conversation in {items[index].conversation for index in missing}))
        raise Unavailable("Receipts were lost while they were read", retry_after=1)

    async def _load(self, conversation: int) -> None:
        """Once for all who wait for it."""
        task = self._loading.get(conversation)
        if task is None:
            task = self._loading[conversation] = asyncio.create_task(self._load_now(conversation))
            task.add_done_callback(lambda _: self._loading.pop(conversation, None))
        await asyncio.shield(task)

    async def _load_now(self, conversation: int) -> None:
        marks = await self._read_stored(conversation)
        words = (word for mark in marks for word in (mark.user, mark.read, mark.delivered))
        await self._shards.run(self._shards.of(conversation), _LOAD, conversation, KEPT_SECONDS, *words)

    async def _read_stored(self, conversation: int) -> list[Mark]:
        async with self._room:
            return await self._stored.read(conversation)

    async def _call_mark(self, shard: int, marks: list[Mark]) -> list[_Raised]:
        words = (word for mark in marks for word in (mark.conversation, mark.user, mark.read, mark.delivered))
        answers = await self._shards.run(shard, _MARK, self._store_after_ms, *words)
        return [
            (Mark(mark.conversation, mark.user, read=answer[0], delivered=answer[1]), bool(answer[2])) if answer else None
            for mark, answer in zip(marks, answers, strict=True)
        ]

    async def _call_list(self, shard: int, questions: list[_Question]) -> list[_Found]:
        words = (word for conversation, user in questions for word in (conversation, user or ""))
        answers = await self._shards.run(shard, _LIST, *words)
        return [
            [_mark(conversation, user, mark) for user, mark in zip(answer[::2], answer[1::2], strict=True) if user]
            if answer
            else None
            for (conversation, _), answer in zip(questions, answers, strict=True)
        ]

    async def flush(self) -> None:
        """Stores what waited long enough, whichever node marked it. Shards that are away keep theirs, or lose it with their life."""
        for failure in await asyncio.gather(*map(self._flush, range(self._shards.count)), return_exceptions=True):
            if failure is not None:
                raise failure

    async def _flush(self, shard: int) -> None:
        while True:
            claimed = await self._shards.run(shard, _CLAIM, CLAIM_MAX, HIDDEN_MS)
            marks = [_mark(int(claimed[start]), *claimed[start + 1 : start + 3]) for start in range(0, len(claimed), 3)]
            await self._stored.write(marks)
            if claimed:
                await self._shards.run(shard, _SETTLE, KEPT_SECONDS, self._store_after_ms, *claimed)
            if len(marks) < CLAIM_MAX:
                return


def _mark(conversation: int, user: bytes, mark: bytes) -> Mark:
    read, _, delivered = mark.partition(b",")
    return Mark(conversation, int(user), read=int(read), delivered=int(delivered))
