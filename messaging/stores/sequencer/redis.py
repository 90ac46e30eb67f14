"""The sequencer on Redis shards: counters, ids and notes of a conversation live on one shard, and are seeded from history when it lost them."""

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

from chatsite.coordination.batch import ShardBatcher
from chatsite.coordination.shards import Renewed, Script, Shards
from chatsite.core.cassandra import CassandraOptions
from chatsite.core.clock import Clock
from chatsite.core.errors import Unavailable
from chatsite.core.failpoints import is_planted, reach
from chatsite.core.together import together
from messaging.protocol.types import Message
from messaging.stores.log.cassandra import CassandraMessageLog
from messaging.stores.sequencer.base import (
    LATE_MS,
    PUSH_DELAY_MS,
    Allocation,
    Check,
    Clash,
    Duplicate,
    Full,
    Head,
    MembersChanged,
    New,
    Outcome,
    PastDue,
    Pending,
    PushCheck,
    Unreachable,
)
from messaging.stores.sequencer.checks import PushChecks
from messaging.stores.sequencer.seeding import WIDTH, arguments, decode_note, encode_unnumbered, plan

CLAIMED_MS = 5_000
SEEDS_AT_ONCE = 16
SEED_TRIES = 200
ROUNDS_MAX = 4

_ALLOCATE, _CLAIM, _COMMIT, _DONE, _HEADS, _SEED, _TOKEN, _UNRELEASED = (
    Script.beside(__file__, f"lua/{name}.lua")
    for name in ("allocate", "claim", "commit", "done", "heads", "seed", "token", "unreleased")
)

Item = TypeVar("Item")


class RedisSequencer:
    """Every conversation has its shard; a shard that cannot be asked concerns its own conversations only."""

    def __init__(
        self,
        *,
        urls: Sequence[str],
        cassandra: CassandraOptions,
        due_ms: int = LATE_MS,
        claimed_ms: int = CLAIMED_MS,
        clock: Clock | None = None,
    ) -> None:
        self._shards = Shards.open(urls=urls, cassandra=cassandra)
        self._log = CassandraMessageLog(**cassandra)
        self._due_ms, self._claimed_ms = due_ms, claimed_ms
        self._looks: ShardBatcher[int, Head | None] = ShardBatcher(self._shards.count, self._call_heads)
        self._seeding: dict[int, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(SEEDS_AT_ONCE)
        self._checks = PushChecks(self._shards, clock)

    @property
    def epoch(self) -> int:
        return self._shards.highest_epoch

    async def close(self) -> None:
        for task in list(self._seeding.values()):
            task.cancel()
        await asyncio.gather(*self._seeding.values(), return_exceptions=True)
        await self._log.close()
        await self._shards.close()

    def lane_of(self, conversation: int) -> int:
        return self._shards.of(conversation)

    def of_lanes(self, conversations: Iterable[int], lanes: Collection[int]) -> list[int]:
        return [conversation for conversation in conversations if self._shards.of(conversation) in lanes]

    async def allocate(self, wishes: Sequence[Allocation]) -> list[Outcome]:
        def place_of(wish: Allocation) -> int:
            return self._shards.of(wish.draft.conversation)

        return await _grouped(wishes, place_of, self._allocate, lost=Unreachable())

    async def _allocate(self, shard: int, wishes: list[Allocation]) -> list[Outcome]:
        outcomes: list[Outcome | None] = [None] * len(wishes)
        todo = list(range(len(wishes)))
        for _ in range(ROUNDS_MAX):
            epoch = await self._shards.enter(shard)
            sent = (argument for index in todo for argument in _wish(wishes[index]))
            try:
                answers = await self._shards.run(shard, _ALLOCATE, self._due_ms, *sent, epoch=epoch)
            except Renewed:
                continue
            for index, answer in zip(todo, answers, strict=True):
                outcomes[index] = self._outcome(wishes[index], answer, epoch)
            todo = [index for index in todo if outcomes[index] is None]
            if not todo:
                break
            lost = await self._seed_all({wishes[index].draft.conversation for index in todo})
            todo = [index for index in todo if wishes[index].draft.conversation not in lost]
        return [outcome if outcome is not None else Unreachable() for outcome in outcomes]

    def _outcome(self, wish: Allocation, answer: list[Any], epoch: int) -> Outcome | None:
        """None: the conversation has to be seeded first."""
        match answer:
            case [b"new", seq, sent_at, mv, head]:
                message = wish.draft.numbered(int(seq), sent_at=int(sent_at), mv=int(mv), epoch=epoch, digest=wish.digest)
                return New(message, int(head))
            case [b"pending", seq, note, head]:
                return Pending(decode_note(note, seq=int(seq), epoch=epoch), int(head))
            case [b"duplicate", seq, sent_at]:
                return Duplicate(int(seq), int(sent_at)) if self._shards.may_acknowledge() else Unreachable()
            case [b"clash"]:
                return Clash()
            case [b"members", mv]:
                return MembersChanged(int(mv))
            case [b"check", floor]:
                return Check(wish.draft.after or 0, int(floor))
            case [b"full"]:
                return Full(retry_after_seconds=0.5)
            case _:
                return None

    async def commit(self, messages: Sequence[Message]) -> list[int | None]:
        async def call(place: tuple[int, int], some: list[Message]) -> list[int | None]:
            shard, epoch = place
            words = (word for message in some for word in (message.conversation, message.seq, int(message.kind == "text")))
            heads = await self._shards.run(shard, _COMMIT, self._checks.now(), PUSH_DELAY_MS, *words, epoch=epoch)
            return [head if head >= 0 else None for head in heads]

        heads = await _grouped(messages, self._life_of, call, lost=None)
        return heads if self._shards.may_acknowledge() else [None] * len(messages)

    async def done(self, messages: Sequence[Message]) -> None:
        async def call(place: tuple[int, int], some: list[Message]) -> list[None]:
            shard, epoch = place
            await self._shards.run(
                shard, _DONE, *(number for message in some for number in (message.conversation, message.seq)), epoch=epoch
            )
            return [None] * len(some)

        await _grouped(messages, self._life_of, call, lost=None)

    def _life_of(self, message: Message) -> tuple[int, int]:
        """What was numbered in an earlier life of a shard means nothing to a later one."""
        return self._shards.of(message.conversation), message.epoch

    async def claim_push_checks(self, *, now: int, limit: int, visibility_ms: int) -> list[PushCheck]:
        return await self._checks.claim(limit=limit, visibility_ms=visibility_ms)

    async def settle_push_checks(self, checks: Sequence[PushCheck]) -> None:
        await self._checks.settle(checks)

    async def postpone_push_checks(self, checks: Sequence[PushCheck]) -> None:
        await self._checks.postpone(checks)

    async def heads(self, conversations: Sequence[int]) -> list[Head]:
        found: dict[int, Head] = {}
        wanted = list(dict.fromkeys(conversations))
        for _ in range(ROUNDS_MAX):
            answers = await self._looks.ask_each([self._shards.of(conversation) for conversation in wanted], wanted)
            for conversation, answer in zip(wanted, answers, strict=True):
                if isinstance(answer, Unavailable):
                    raise answer
                if answer is not None:
                    found[conversation] = answer
            if not self._shards.may_acknowledge():  # an earlier life may go on elsewhere, and what it releases now may be nothing
                raise Unavailable("A part of the service is away", retry_after=1)
            wanted = [conversation for conversation in wanted if conversation not in found]
            if not wanted:
                return [found[conversation] for conversation in conversations]
            if await self._seed_all(wanted):
                break
        raise Unavailable("A part of the service is starting anew", retry_after=1)

    async def _call_heads(self, shard: int, conversations: list[int]) -> list[Head | None]:
        """None for one that has to be seeded first."""
        stands = await self._shards.run(shard, _HEADS, *conversations)
        return [Head(*map(int, stand)) if len(stand) > 1 else None for stand in stands]

    async def unreleased(self, conversation: int) -> list[Message]:
        for _ in range(ROUNDS_MAX):
            epoch = await self._shards.enter(self._shards.of(conversation))
            try:
                found = await self._shards.run(self._shards.of(conversation), _UNRELEASED, conversation, epoch=epoch)
            except Renewed:
                continue
            if found != -1:
                return [decode_note(note, seq=int(seq), epoch=epoch) for seq, note in _tuples(found, 2)]
            await self._seed(conversation)
        raise Unavailable("A part of the service is starting anew", retry_after=1)

    async def owed(self, limit: int, whose: PastDue = "late") -> list[Message]:
        owed: list[Message] = []
        for shard in range(self._shards.count):
            if len(owed) >= limit:
                break
            try:
                epoch = await self._shards.enter(shard)
                found = await self._shards.run(shard, _CLAIM, limit - len(owed), self._claimed_ms, epoch=epoch)
            except Unavailable:  # its notes wait; the others' need not
                continue
            owed += [decode_note(note, seq=int(seq), epoch=epoch) for _, seq, note in _tuples(found, 3)]
        return sorted(owed, key=lambda message: (message.sent_at, message.seq))

    async def _seed_all(self, conversations: Collection[int]) -> set[int]:
        """Answers with those that could not be seeded now: they do not keep the others from it."""
        seeds = await asyncio.gather(*(self._seed(conversation) for conversation in conversations), return_exceptions=True)
        lost = {conversation for conversation, seed in zip(conversations, seeds, strict=True) if isinstance(seed, Unavailable)}
        for seed in seeds:
            if isinstance(seed, BaseException) and not isinstance(seed, Unavailable):
                raise seed
        return lost

    async def _seed(self, conversation: int) -> None:
        """Callers of this process share one attempt; other processes are kept off by a token on the shard."""
        task = self._seeding.get(conversation)
        if task is None:
            task = self._seeding[conversation] = asyncio.create_task(self._seed_once(conversation))
            task.add_done_callback(partial(self._forget_seed, conversation))
        await asyncio.shield(task)

    def _forget_seed(self, conversation: int, task: "asyncio.Task[None]") -> None:
        """Whoever waited for it may have gone: then nobody else looks at its error."""
        self._seeding.pop(conversation, None)
        if not task.cancelled():
            task.exception()

    async def _seed_once(self, conversation: int) -> None:
        shard, token = self._shards.of(conversation), secrets.token_hex(8)
        async with self._room:
            for _ in range(SEED_TRIES):
                try:
                    epoch = await self._shards.enter(shard)
                    answer = await self._shards.run(shard, _TOKEN, conversation, token, epoch=epoch)
                    if answer == 1:
                        await self._seed_from_history(shard, conversation, token, epoch)
                    elif answer == -1:
                        return await self._release_all(conversation)
                except Renewed:
                    continue
                await asyncio.sleep(random.uniform(0.01, 0.05) if answer == 0 else 0)  # noqa: S311 - another process is at it
        raise Unavailable("A part of the service is starting anew", retry_after=1)

    async def _seed_from_history(self, shard: int, conversation: int, token: str, epoch: int) -> None:
        end = await self._log.end(conversation, width=WIDTH)
        await reach("seed.read", conversation=conversation)
        await self._shards.run(shard, _SEED, conversation, token, *arguments(plan(conversation, end, epoch)), epoch=epoch)

    async def _release_all(self, conversation: int) -> None:
        """What was seeded may have been acked before, so no head below it may be told."""
        unreleased = await self.unreleased(conversation)
        if unreleased:
            await self._log.store(unreleased)
            await self.commit(unreleased)


async def _grouped(
    items: Sequence[Item], group_of: Callable[[Item], Any], call: Callable[[Any, list[Item]], Awaitable[list[Any]]], *, lost: Any
) -> list[Any]:
    """Calls once per group, at the same time, and answers in the order of the items; `lost` where a group could not be asked."""
    groups: dict[Any, list[int]] = {}
    for index, item in enumerate(items):
        groups.setdefault(group_of(item), []).append(index)
    answers: list[Any] = [lost] * len(items)

    async def ask(group: Any, indexes: list[int]) -> None:
        try:
            found = await call(group, [items[index] for index in indexes])
        except Unavailable:
            return
        for index, answer in zip(indexes, found, strict=True):
            answers[index] = answer

    await together([ask(group, indexes) for group, indexes in groups.items()])
    return answers


def _wish(wish: Allocation) -> Iterator[str | int | bytes]:
    """In the order that lua/allocate.lua wants."""
    draft = wish.draft
    yield draft.conversation
    yield f"{draft.sender}:{secrets.token_hex(16) if is_planted('no_idempotency') else draft.client_id}"
    yield wish.digest
    yield wish.mv
    yield draft.after or 0
    yield ("m" if wish.sets_mv else "") + ("c" if wish.checked else "")
    yield encode_unnumbered(draft.numbered(0, sent_at=0, mv=0, epoch=0, digest=wish.digest))


def _tuples(flat: Sequence[Any], width: int) -> Iterator[tuple[Any, ...]]:
    return zip(*(flat[start::width] for start in range(width)), strict=True)
