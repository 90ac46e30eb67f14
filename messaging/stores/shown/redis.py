"""Notices on devices, on the shards of their users."""

from collections.abc import Sequence

from chatsite.coordination.batch import ShardBatcher
from chatsite.coordination.shards import Script, Shards
from chatsite.core.cassandra import CassandraOptions
from chatsite.core.errors import Unavailable
from messaging.stores.shown.base import Shown

KEPT_SECONDS = 30 * 86_400

_NOTE, _OF, _TAKE = (Script.beside(__file__, f"lua/{name}.lua") for name in ("note", "of", "take"))


class RedisShownNotices:
    """Key `n:{user}:{conversation}`: a hash, device → seq. A shard that lost its life knows of no notice."""

    def __init__(self, *, urls: Sequence[str], cassandra: CassandraOptions) -> None:
        self._shards = Shards.open(urls=urls, cassandra=cassandra)
        self._questions: ShardBatcher[tuple[int, int], list[bytes]] = ShardBatcher(self._shards.count, self._call_of)

    async def close(self) -> None:
        await self._shards.close()

    async def note(self, notices: Sequence[Shown]) -> None:
        await self._each_shard(_NOTE, notices, KEPT_SECONDS)

    async def of(self, readers: Sequence[tuple[int, int]]) -> list[dict[int, int]]:
        answers = await self._questions.ask_each([self._shards.of(user) for user, _ in readers], readers)
        found: list[dict[int, int]] = []
        for answer in answers:
            if isinstance(answer, Unavailable):
                raise answer
            found.append({int(device): int(seq) for device, seq in zip(answer[::2], answer[1::2], strict=True)})
        return found

    async def take(self, notices: Sequence[Shown]) -> None:
        await self._each_shard(_TAKE, notices)

    async def _each_shard(self, script: Script, notices: Sequence[Shown], *first: int) -> None:
        by_shard: dict[int, list[int]] = {}
        for one in notices:
            by_shard.setdefault(self._shards.of(one.user), []).extend((one.user, one.conversation, one.device, one.seq))
        for shard, words in by_shard.items():
            await self._shards.run(shard, script, *first, *words)

    async def _call_of(self, shard: int, readers: list[tuple[int, int]]) -> list[list[bytes]]:
        found: list[list[bytes]] = await self._shards.run(shard, _OF, *(word for reader in readers for word in reader))
        return found
