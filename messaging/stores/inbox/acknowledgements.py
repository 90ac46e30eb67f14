"""What devices acknowledged, on the shards of the devices."""

from collections.abc import Sequence

from chatsite.coordination.batch import ShardBatcher
from chatsite.coordination.shards import Script, Shards
from chatsite.core.errors import Unavailable
from messaging.stores.inbox.base import Acknowledgement

ACKNOWLEDGED_SECONDS = 86_400

_ACKNOWLEDGE = Script.beside(__file__, "lua/acknowledge.lua")
_ACKNOWLEDGED = Script.beside(__file__, "lua/acknowledged.lua")


class Acknowledgements:
    """What was acknowledged to a shard that is away costs a notice too many."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self._acknowledgements: ShardBatcher[Acknowledgement, int] = ShardBatcher(shards.count, self._acknowledge)
        self._questions: ShardBatcher[tuple[int, int], bytes] = ShardBatcher(shards.count, self._acknowledged)

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
