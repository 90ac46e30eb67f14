"""How often the relational store and the receipts are asked: a number that must not grow with the conversations."""

from collections.abc import Sequence
from typing import Any

import pytest

from messaging.services import members as members_of
from messaging.services.listing import list_conversations
from messaging.services.sync import sync
from tests.messaging.world import World

ROOMS = 6


class Loads:
    """Counts the loads of members, one by one and in bulk; the loads themselves are the real ones."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.single: list[int] = []
        self.bulk: list[list[int]] = []
        load_members, load_many = members_of.load_members, members_of.load_many

        def count_single(conversation: int) -> Any:
            self.single.append(conversation)
            return load_members(conversation)

        def count_bulk(conversations: list[int]) -> Any:
            self.bulk.append(conversations)
            return load_many(conversations)

        monkeypatch.setattr(members_of, "load_members", count_single)
        monkeypatch.setattr(members_of, "load_many", count_bulk)


async def talked_with(world: World, anna: int, others: Sequence[int]) -> list[int]:
    rooms = [await world.direct(anna, other) for other in others]
    for room in rooms:
        await world.say(anna, room)
    await world.road.drain()
    return rooms


async def test_a_sync_loads_the_members_of_all_conversations_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    anna, *others = await world.people(ROOMS + 1)
    cursor = await world.chat.inbox.cursor(anna)
    rooms = await talked_with(world, anna, others)
    for room in rooms:
        world.chat.members.forget(room)
    loads = Loads(monkeypatch)
    synced: Any = await sync(world.chat, user=anna, cursor=cursor)
    assert {one.conversation for one in synced.conversations} == {str(room) for room in rooms}
    assert (loads.single, [sorted(bulk) for bulk in loads.bulk]) == ([], [sorted(rooms)])


async def test_a_list_that_is_read_again_loads_no_members(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    anna, *others = await world.people(ROOMS + 1)
    rooms = await talked_with(world, anna, others)
    for room in rooms:
        world.chat.members.forget(room)
    loads = Loads(monkeypatch)
    first = await list_conversations(world.chat, user=anna)
    again = await list_conversations(world.chat, user=anna)
    assert again.entries == first.entries
    assert (loads.single, [sorted(bulk) for bulk in loads.bulk]) == ([], [sorted(rooms)])
