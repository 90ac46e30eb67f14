"""Push checks on Redis shards: conversations in which somebody may not have seen what was said."""

import contextlib
from collections.abc import Sequence

from chatsite.coordination.shards import Script, Shards
from chatsite.core.clock import Clock
from chatsite.core.errors import Unavailable
from chatsite.core.together import together
from messaging.stores.sequencer.base import PushCheck

_CLAIM, _SETTLE, _POSTPONE = (Script.beside(__file__, f"lua/{name}_push.lua") for name in ("claim", "settle", "postpone"))


class PushChecks:
    """They are set by lua/commit.lua. A shard that is away keeps its checks until it is back. Without a `clock`, those of the shards count."""

    def __init__(self, shards: Shards, clock: Clock | None) -> None:
        self._shards = shards
        self._clock = clock

    def now(self) -> str:
        """As the scripts want it: empty for the shard's own clock."""
        return str(self._clock.now_ms()) if self._clock else ""

    async def claim(self, *, limit: int, visibility_ms: int) -> list[PushCheck]:
        """Up to `limit` of each shard."""
        claimed: list[list[PushCheck]] = [[] for _ in range(self._shards.count)]

        async def ask(shard: int) -> None:
            with contextlib.suppress(Unavailable):
                found = await self._shards.run(shard, _CLAIM, self.now(), limit, visibility_ms)
                claimed[shard] = [PushCheck(*map(int, found[start : start + 3])) for start in range(0, len(found), 3)]

        await together([ask(shard) for shard in range(self._shards.count)])
        return [check for checks in claimed for check in checks]

    async def settle(self, checks: Sequence[PushCheck]) -> None:
        await self._each_shard(_SETTLE, [(check.conversation, check.seq) for check in checks])

    async def postpone(self, checks: Sequence[PushCheck]) -> None:
        await self._each_shard(_POSTPONE, [(check.conversation, check.seq, check.due_at) for check in checks])

    async def _each_shard(self, script: Script, checks: Sequence[tuple[int, ...]]) -> None:
        by_shard: dict[int, list[int]] = {}
        for numbers in checks:
            by_shard.setdefault(self._shards.of(numbers[0]), []).extend(numbers)
        await together([self._tell(shard, script, numbers) for shard, numbers in by_shard.items()])

    async def _tell(self, shard: int, script: Script, numbers: list[int]) -> None:
        with contextlib.suppress(Unavailable):
            await self._shards.run(shard, script, *numbers)
