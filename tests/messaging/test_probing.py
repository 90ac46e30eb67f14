"""How the end of a long conversation is found: exactly, and in few rounds."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.stores.log.probing import AT_ONCE, find_last


class Row:
    """Filled up to `last`; counts how often it was asked, and refuses to be asked much at once."""

    def __init__(self, last: int) -> None:
        self.last = last
        self.rounds = 0

    async def are_filled(self, places: Sequence[int]) -> list[bool]:
        self.rounds += 1
        assert 0 < len(places) <= AT_ONCE
        assert all(place >= 0 for place in places)
        return [place <= self.last for place in places]


@given(st.integers(min_value=0, max_value=10**9))
async def test_the_last_is_found_wherever_it_is(last: int) -> None:
    assert await find_last(Row(last).are_filled) == last


async def test_nothing_has_no_last() -> None:
    row = Row(-1)
    assert await find_last(row.are_filled) is None
    assert row.rounds == 1


@pytest.mark.parametrize(("last", "rounds"), [(0, 1), (1, 2), (10, 4), (1_000, 5), (10_000, 6), (100_000, 8)])
async def test_it_takes_few_rounds(last: int, rounds: int) -> None:
    row = Row(last)
    await find_last(row.are_filled)
    assert row.rounds <= rounds
