"""The sequencer on Redis keeps the contract of its port, over real shards and with history in Cassandra."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from messaging.stores.log.cassandra import CassandraMessageLog
from messaging.stores.sequencer.redis import RedisSequencer
from tests.contracts.rig import Rig
from tests.contracts.sequencer import SequencerContract

pytestmark = [pytest.mark.servers, pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")]


class SequencerRig(Rig):
    """The sequencer and the log it is seeded from."""

    sequencer: RedisSequencer
    log: CassandraMessageLog

    def __init__(self, coordination: dict[str, Any]) -> None:
        super().__init__()
        self.coordination = coordination

    async def open(self) -> None:
        self.sequencer = RedisSequencer(**self.coordination, due_ms=0, claimed_ms=0)
        self.log = CassandraMessageLog(**self.coordination["cassandra"])

    async def close(self) -> None:
        await self.sequencer.close()
        await self.log.close()


@pytest.fixture
async def rig(coordination: dict[str, Any]) -> AsyncIterator[SequencerRig]:
    rig = SequencerRig(coordination)
    await rig.open()
    yield rig
    await rig.close()


class TestSequencer(SequencerContract):
    remembered_max = 2_100
