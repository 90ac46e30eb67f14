"""Push checks, and what devices acknowledged, on the shards of their users and devices."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence

from chatsite.coordination.batch import ShardBatcher
from chatsite.coordination.shards import Script, Shards
from chatsite.core.errors import Unavailable
from messaging.stores.inbox.base import Acknowledgement, PushCheck

ACKNOWLEDGED_SECONDS = 86_400

_CLAIM = Script.beside(__file__, "lua/claim_push.lua")
_SETTLE = Script.beside(__file__, "lua/settle_push.lua")
_ACKNOWLEDGE = Script.beside(__file__, "lua/acknowledge.lua")
_ACKNOWLEDGED = Script.beside(__file__, "lua/acknowledged.lua")


class Pushes:
    """A shard that is away keeps its checks until it is back; what was acknowledged to it meanwhile costs a notice too many."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self._order = deque(range(shards.count))
        self._acknowledgements: ShardBatcher[Acknowledgement, int] = ShardBatcher(shards.count, self._acknowledge)
        self._questions: ShardBatcher[tuple[int, int], bytes] = ShardBatcher(shards.count, self._acknowledged)

    async def claim(self, *, now: str, limit: int, visibility_ms: int) -> list[PushCheck]:
        """One shard after the other, each time beginning with another, so that none with much to do starves the rest."""
        claimed: list[PushCheck] = []
        self._order.rotate(1)
        for shard in list(self._order):
            if len(claimed) < limit:
                with contextlib.suppress(Unavailable):
                    found = await self._shards.run(shard, _CLAIM, now, limit - len(claimed), visibility_ms)
                    claimed += [PushCheck(*map(int, found[start : start + 4])) for start in range(0, len(found), 4)]
        return claimed

    async def settle(self, checks: Sequence[PushCheck]) -> None:
        by_shard: dict[int, list[str | int]] = {}
        for check in checks:
            words = by_shard.setdefault(self._shards.of(check.user), [])
            words += (f"{check.user}:{check.conversation}", check.seq)
        await asyncio.gather(*(self._settle(*part) for part in by_shard.items()))

    async def _settle(self, shard: int, words: list[str | int]) -> None:
        with contextlib.suppress(Unavailable):
            await self._shards.run(shard, _SETTLE, *words)

    async def acknowledge(self, acknowledgements: Sequence[Acknowledgement]) -> None:
        await self._acknowledgements.ask_each([self._shards.of(one.device) for one in acknowledgements], acknowledgements)

    async def acknowledged(self, devices: Sequence[int], conversation: int) -> list[int]:
        """Raises Unavailable: nobody gets a notice because we cannot know."""
        questions = [(device, conversation) for device in devices]
        found = await self._questions.ask_each([self._shards.of(device) for device in devices], questions)
        for answer in found:
            if isinstance(answer, Unavailable):
                raise answer
        return [int(seq) for seq in found if not isinstance(seq, Unavailable)]

    async def _acknowledge(self, shard: int, acknowledgements: list[Acknowledgement]) -> Sequence[int]:
        words = [word for one in acknowledgements for word in (one.device, one.conversation, one.seq)]
        answers: Sequence[int] = await self._shards.run(shard, _ACKNOWLEDGE, ACKNOWLEDGED_SECONDS, *words)
        return answers

    async def _acknowledged(self, shard: int, questions: list[tuple[int, int]]) -> Sequence[bytes]:
        answers: Sequence[bytes] = await self._shards.run(
            shard, _ACKNOWLEDGED, *(word for question in questions for word in question)
        )
        return answers
