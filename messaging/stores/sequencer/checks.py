"""Push checks on Redis shards: conversations in which somebody may not have seen what was said."""

import contextlib
from collections import deque
from collections.abc import Sequence

from chatsite.coordination.shards import Script, Shards
from chatsite.core.clock import Clock
from chatsite.core.errors import Unavailable
from chatsite.core.together import together
from messaging.stores.sequencer.base import PushCheck

_CLAIM = Script.beside(__file__, "lua/claim_push.lua")
_SETTLE = Script.beside(__file__, "lua/settle_push.lua")


class PushChecks:
    """They are set by lua/commit.lua. A shard that is away keeps its checks until it is back. Without a `clock`, those of the shards count."""

    def __init__(self, shards: Shards, clock: Clock | None) -> None:
        self._shards = shards
        self._clock = clock
        self._order = deque(range(shards.count))

    def now(self) -> str:
        """As the scripts want it: empty for the shard's own clock."""
        return str(self._clock.now_ms()) if self._clock else ""

    async def claim(self, *, limit: int, visibility_ms: int) -> list[PushCheck]:
        """One shard after the other, each time beginning with another, so that none with much to do starves the rest."""
        claimed: list[PushCheck] = []
        self._order.rotate(1)
        for shard in list(self._order):
            if len(claimed) < limit:
                with contextlib.suppress(Unavailable):
                    found = await self._shards.run(shard, _CLAIM, self.now(), limit - len(claimed), visibility_ms)
                    claimed += [PushCheck(*map(int, found[start : start + 3])) for start in range(0, len(found), 3)]
        return claimed

    async def settle(self, checks: Sequence[PushCheck]) -> None:
        by_shard: dict[int, list[int]] = {}
        for check in checks:
            by_shard.setdefault(self._shards.of(check.conversation), []).extend((check.conversation, check.seq))
        await together([self._settle(shard, numbers) for shard, numbers in by_shard.items()])

    async def _settle(self, shard: int, numbers: list[int]) -> None:
        with contextlib.suppress(Unavailable):
            await self._shards.run(shard, _SETTLE, *numbers)
