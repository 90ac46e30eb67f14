"""Which nodes a device is sent to: room first, then its region, then those with more to spare."""

import random
from collections import Counter

from chatsite.discovery.base import Candidate, Load, Node
from chatsite.discovery.choice import MOST, best


def node(name: str, *, region: str = "", connections: int = 0, capacity: int = 1000, draining: bool = False) -> Candidate:
    return Candidate(Node(name, f"ws://{name}", region), Load(connections, capacity, draining))


def chosen(candidates: list[Candidate], region: str = "", seed: int = 1) -> list[str]:
    return [found.name for found in best(candidates, region, random.Random(seed))]


def firsts(candidates: list[Candidate], region: str = "") -> Counter[str]:
    return Counter(chosen(candidates, region, seed)[0] for seed in range(1000))


def test_nobody_is_sent_anywhere_when_there_is_no_node() -> None:
    assert chosen([]) == []
    assert chosen([node("a", draining=True)]) == []


def test_at_most_five_are_named_and_each_once() -> None:
    names = chosen([node(f"n{number}") for number in range(20)])
    assert len(names) == len(set(names)) == MOST


def test_the_own_region_comes_first_and_another_behind() -> None:
    candidates = [node("e1", region="east"), node("w1", region="west"), node("e2", region="east"), node("w2", region="west")]
    for seed in range(50):
        assert set(chosen(candidates, "west", seed)[:2]) == {"w1", "w2"}
        assert set(chosen(candidates, "east", seed)[:2]) == {"e1", "e2"}
        assert len(chosen(candidates, "east", seed)) == 4


def test_a_region_without_nodes_is_served_by_the_others() -> None:
    assert set(chosen([node("e1", region="east"), node("w1", region="west")], "north")) == {"e1", "w1"}


def test_without_a_region_all_are_alike() -> None:
    assert set(firsts([node("e1", region="east"), node("w1", region="west")])) == {"e1", "w1"}


def test_a_full_node_comes_last_even_in_the_own_region() -> None:
    candidates = [node("full", region="west", connections=1000), node("far", region="east", connections=999)]
    assert chosen(candidates, "west") == ["far", "full"]


def test_one_that_drains_is_left_out() -> None:
    assert chosen([node("a", draining=True), node("b")]) == ["b"]


def test_the_more_a_node_has_to_spare_the_more_are_sent_there() -> None:
    counts = firsts([node("busy", connections=900), node("idle", connections=100)])
    assert 50 < counts["busy"] < 150
    counts = firsts([node("large", connections=1000, capacity=10_000), node("small")])
    assert 50 < counts["small"] < 150


def test_those_who_ask_at_the_same_time_are_spread_over_two_nodes_that_differ_a_little() -> None:
    """Between two reports of load everybody is told the same."""
    counts = firsts([node("a", connections=10, capacity=20_000), node("b", connections=30, capacity=20_000)])
    assert min(counts.values()) > 400
