"""What spans let somebody see, against counting one by one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from messaging.protocol.types import Span, count_visible, last_visible, visible
from messaging.services.history import _downwards, _upwards

HEAD_MAX = 40
bounded = settings(max_examples=300, derandomize=True, deadline=None, database=None)


@st.composite
def stays(draw: st.DrawFn) -> tuple[Span, ...]:
    """Ascending, apart, the last one perhaps open: as memberships keep them."""
    borders = sorted(draw(st.sets(st.integers(1, HEAD_MAX), max_size=8)))
    spans: list[Span] = [(borders[at], borders[at + 1]) for at in range(0, len(borders) - 1, 2)]
    if len(borders) % 2:
        spans.append((borders[-1], None))
    return tuple(spans)


seqs = st.integers(0, HEAD_MAX + 5)


def seen(spans: tuple[Span, ...], head: int) -> list[int]:
    return [seq for seq in range(1, head + 1) if any(first <= seq <= (head if last is None else last) for first, last in spans)]


def flat(windows: list[tuple[int, int]]) -> list[int]:
    return [seq for first, last in windows for seq in range(first, last + 1)]


@bounded
@given(stays(), seqs)
def test_a_seq_is_visible_inside_a_stay(spans: tuple[Span, ...], seq: int) -> None:
    assert visible(spans, seq) == (seq in seen(spans, HEAD_MAX + 5))


@bounded
@given(stays(), seqs)
def test_the_last_visible_seq_is_the_highest_of_them(spans: tuple[Span, ...], head: int) -> None:
    assert last_visible(spans, head) == max(seen(spans, head), default=0)


@bounded
@given(stays(), seqs, seqs)
def test_unread_is_what_can_be_seen_above_the_mark(spans: tuple[Span, ...], above: int, upto: int) -> None:
    assert count_visible(spans, above=above, upto=upto) == len([seq for seq in seen(spans, upto) if seq > above])


@bounded
@given(stays(), seqs, st.integers(0, 12))
def test_downwards_are_the_highest_visible_seqs(spans: tuple[Span, ...], upto: int, count: int) -> None:
    assert flat(_downwards(spans, upto=upto, count=count)) == seen(spans, upto)[max(0, len(seen(spans, upto)) - count) :]


@bounded
@given(stays(), seqs, seqs, st.integers(0, 12))
def test_upwards_are_the_lowest_visible_seqs(spans: tuple[Span, ...], above: int, head: int, count: int) -> None:
    assert flat(_upwards(spans, above=above, head=head, count=count)) == [seq for seq in seen(spans, head) if seq > above][:count]
