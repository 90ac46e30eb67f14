"""Notices on Redis keep the contract of their port; without their shard it is unknown who was rung."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from chatsite.core.errors import Unavailable
from messaging.stores.shown.redis import RedisShownNotices
from tests.contracts.rig import some_id
from tests.contracts.shown import ShownContract
from tests.messaging.redis_rig import frozen
from tests.servers import Services

# The driver keeps a socket of its log messages in the loop, and leaves it to the loop's end.
pytestmark = [pytest.mark.servers, pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")]


@pytest.fixture
async def shown(coordination: dict[str, Any]) -> AsyncIterator[RedisShownNotices]:
    shown = RedisShownNotices(**coordination)
    yield shown
    await shown.close()


class TestShown(ShownContract):
    pass


async def test_a_shard_that_is_away_is_not_taken_for_one_that_knows_nothing(
    shown: RedisShownNotices, cassandra: Services
) -> None:
    await shown.of([(some_id(), 1)])
    with frozen(cassandra, 0), frozen(cassandra, 1), pytest.raises(Unavailable):
        await shown.of([(some_id(), 1)])
