"""A node is ready when its stores answer; one shard that is away makes nobody turn people from every node."""

import asyncio

import pytest

from chatsite.core.errors import Unavailable
from messaging.services import ready
from messaging.services.ready import USERS, what_is_away
from tests.messaging.world import Unreliable, World


def unreliable(world: World, store: str) -> Unreliable:
    broken = Unreliable(getattr(world.chat, store))
    setattr(world.chat, store, broken)
    return broken


async def test_a_node_whose_stores_answer_is_ready(world: World) -> None:
    assert await what_is_away(world.chat) == []


async def test_a_store_that_is_away_is_named(world: World) -> None:
    unreliable(world, "log").fail("page", error=Unavailable())
    assert await what_is_away(world.chat) == ["the message log"]


async def test_a_store_that_does_not_answer_in_time_is_away(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready, "PATIENCE_SECONDS", 0.05)

    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(world.chat.log, "page", never)
    assert await what_is_away(world.chat) == ["the message log"]


@pytest.mark.parametrize("is_frozen", [False, True])
async def test_as_long_as_one_shard_answers_the_inboxes_are_there(
    world: World, monkeypatch: pytest.MonkeyPatch, is_frozen: bool
) -> None:
    answering = {USERS[3]}

    async def cursor(user: int) -> str:
        if user not in answering:
            if is_frozen:
                await asyncio.Event().wait()
            raise Unavailable
        return "1.0"

    monkeypatch.setattr(world.chat.inbox, "cursor", cursor)
    assert await what_is_away(world.chat) == []
    answering.clear()
    monkeypatch.setattr(ready, "PATIENCE_SECONDS", 0.05)
    assert await what_is_away(world.chat) == ["the inboxes"]
