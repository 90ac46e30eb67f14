"""Which nodes a device should try, and in which order."""

import random
from collections.abc import Iterable, Sequence

from chatsite.discovery.base import Candidate, Node

MOST = 5


def best(candidates: Iterable[Candidate], region: str, chance: random.Random) -> list[Node]:
    """At most five: those with room before the full ones, and among these the region's own before the others.

    Within such a group each place is drawn by lot, the likelier the more a node has to spare. The best of all, or the better of two
    where there are but two, would be everybody's who asks between two reports of load.
    """
    groups: dict[tuple[bool, bool], list[Candidate]] = {}
    for candidate in candidates:
        if not candidate.load.draining:
            rank = (candidate.spare <= 0, bool(region) and candidate.node.region != region)
            groups.setdefault(rank, []).append(candidate)
    found: list[Node] = []
    for rank in sorted(groups):
        found += _drawn(groups[rank], MOST - len(found), chance)
    return found


def _drawn(candidates: Sequence[Candidate], count: int, chance: random.Random) -> list[Node]:
    left = list(candidates)
    drawn: list[Node] = []
    while left and len(drawn) < count:
        (chosen,) = chance.choices(left, weights=[max(1, one.spare) for one in left])
        left.remove(chosen)
        drawn.append(chosen.node)
    return drawn
