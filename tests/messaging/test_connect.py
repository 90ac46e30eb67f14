"""Where a device is sent: the nodes of its region first, each with a ticket of its own; and what it may say about its region."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chatsite.core.errors import Unavailable
from chatsite.discovery.base import Node
from chatsite.discovery.static import StaticDiscovery
from messaging.services.connect import find_doors, region_of
from messaging.stores.tickets.base import Holder
from tests.client import Phone, Refused
from tests.messaging.stage import post_raw, problem_of
from tests.messaging.world import World

PEOPLE = ("anna",)
Phones = Callable[[str], Phone]


class TwoRegions(StaticDiscovery):
    """What an adapter with nodes in two regions answers."""

    async def nodes_for(self, region: str = "") -> list[Node]:
        nodes = [Node("e1", "wss://e1.example", "east"), Node("w1", "wss://w1.example", "west")]
        return sorted(nodes, key=lambda node: node.region != region)


async def test_each_node_comes_with_a_ticket_that_only_it_takes(world: World, tmp_path: Path) -> None:
    doors = await find_doors(world.chat, TwoRegions(str(tmp_path)), user=1, device=2, region="west")
    assert [door.url for door in doors] == ["wss://w1.example", "wss://e1.example"]
    west, east = doors
    assert await world.chat.tickets.take(west.ticket, node="w1") == Holder(1, 2)
    assert await world.chat.tickets.take(east.ticket, node="w1") is None


async def test_without_a_node_one_is_told_to_come_back(world: World, tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as refused:
        await find_doors(world.chat, StaticDiscovery(str(tmp_path)), user=1, device=2)
    assert refused.value.retry_after


@pytest.mark.parametrize(
    ("told_by_proxy", "hint", "trusted_proxies", "region"),
    [
        ("west", "", 1, "west"),
        ("west", "east", 1, "west"),
        ("west", "east", 0, "east"),  # anybody can write a header
        ("west", "", 0, ""),
        ("", "east", 1, "east"),
        ("", "", 1, ""),
        ("x" * 33, "east", 1, "east"),
        ("we st", "", 1, ""),
    ],
)
def test_a_trusted_proxy_knows_the_region_better_than_the_client(
    told_by_proxy: str, hint: str, trusted_proxies: int, region: str
) -> None:
    assert region_of(told_by_proxy=told_by_proxy, hint=hint, trusted_proxies=trusted_proxies) == region


@pytest.mark.journey
class TestOverRest:
    @pytest.mark.parametrize("body", [None, {}, {"region": "west-1"}, {"region": ""}, {"more": 1}])
    async def test_a_region_may_be_named_or_not(self, phones: Phones, body: Any) -> None:
        (node,) = (await phones("anna").api("POST", "/connections", body))["nodes"]
        assert node["url"].startswith("ws://localhost")
        assert len(node["ticket"]) >= 22

    @pytest.mark.parametrize("region", ["x" * 33, "we st", "wést", "west\n", "../nodes"])
    async def test_an_odd_region_is_refused(self, phones: Phones, region: str) -> None:
        with pytest.raises(Refused) as refused:
            await phones("anna").api("POST", "/connections", {"region": region})
        assert (refused.value.code, refused.value.problem["field"]) == ("invalid", "region")

    @pytest.mark.parametrize("body", ['{"region": 7}', '{"region": null}', "[]", '{"region": '])
    async def test_what_is_no_region_at_all_is_a_bad_request(self, phones: Phones, body: str) -> None:
        assert problem_of(await post_raw(phones("anna"), "/connections", body))["code"] == "bad_request"
