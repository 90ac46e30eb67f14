"""Finding the end of what is filled from the front, where only single places can be asked for, and each question takes a while."""

from collections.abc import Awaitable, Callable, Sequence

AT_ONCE = 16


async def find_last(are_filled: Callable[[Sequence[int]], Awaitable[Sequence[bool]]]) -> int | None:
    """The highest filled of 0, 1, 2, …; None if none is. Many are asked for at once: it takes two rounds for few, six for ten thousand."""
    low, high = -1, None
    places: Sequence[int] = (0, 1)  # most have no more
    while places:
        for place, is_filled in zip(places, await are_filled(places), strict=True):
            if not is_filled:
                high = place
                break
            low = place
        places = _between(low, high) if high is not None else [low << step for step in range(1, AT_ONCE)]
    return None if low < 0 else low


def _between(low: int, high: int) -> Sequence[int]:
    if high - low <= AT_ONCE:
        return range(low + 1, high)
    return [low + (high - low) * step // AT_ONCE for step in range(1, AT_ONCE)]
