"""Reads pages of a conversation by seq, cut to what the reader may see."""

import msgspec

from chatsite.core.errors import Invalid, NotFound
from messaging.protocol.types import Message, Span
from messaging.services.chat import Chat
from messaging.services.stand import stand_of

CHARACTERS = 500_000


class HistoryPage(msgspec.Struct, frozen=True):
    """Messages ascending; `head` is the highest seq the reader may see."""

    messages: list[Message]
    head: int
    more_before: bool
    more_after: bool


async def read_history(
    chat: Chat,
    *,
    reader: int,
    conversation: int,
    before: int | None = None,
    after: int | None = None,
    around: int | None = None,
    limit: int = 50,
) -> HistoryPage:
    """One page: the newest, or those before, after or around a seq; fewer than `limit` when they are long. Raises NotAMember, Invalid."""
    if sum(place is not None for place in (before, after, around)) > 1:
        raise Invalid("Give one of before, after and around", field="before")
    members, stand = await stand_of(chat, conversation, user=reader)
    spans = members.member(reader).spans
    head = members.last_seen_by(reader, stand.seq)
    # Where an empty page stands: what is above lies after it, the rest before.
    place = next((place for place in (after, around, before and before - 1) if place is not None), head)
    edge = min(place, head)
    if after is not None:
        windows = _upwards(spans, above=edge, head=head, count=limit)
    elif around is not None:
        lower, upper = (limit + 1) // 2, limit // 2
        windows = [*_downwards(spans, upto=edge, count=lower), *_upwards(spans, above=edge, head=head, count=upper)]
    else:
        windows = _downwards(spans, upto=edge, count=limit)
    found = [
        message for first, last in windows for message in await chat.log.page(conversation, first=first, last=last, rev=stand.rev)
    ]
    messages = _nearest_that_fit(found, edge)
    lowest, highest = (windows[0][0], windows[-1][1]) if windows else (edge + 1, edge)
    if len(messages) < len(found):
        lowest, highest = messages[0].seq, messages[-1].seq
    return HistoryPage(
        messages=messages,
        head=head,
        more_before=bool(_downwards(spans, upto=lowest - 1, count=1)),
        more_after=bool(_upwards(spans, above=highest, head=head, count=1)),
    )


async def read_message(chat: Chat, *, reader: int, conversation: int, seq: int) -> Message:
    """One message. Raises NotAMember, NotFound."""
    members, stand = await stand_of(chat, conversation, user=reader)
    if seq > stand.seq or not members.sees(reader, seq):
        raise NotFound
    found = await chat.log.pick([(conversation, seq)])
    if not found:
        raise NotFound
    return found[0]


def _nearest_that_fit(messages: list[Message], edge: int) -> list[Message]:
    """Those nearest to where the page begins, without a gap, up to CHARACTERS: a hundred long ones would hold up everybody's loop."""
    left = CHARACTERS
    kept: list[Message] = []
    for message in sorted(messages, key=lambda message: abs(message.seq - edge)):
        left -= len(message.text)
        if left < 0 and kept:
            break
        kept.append(message)
    return sorted(kept, key=lambda message: message.seq)


def _downwards(spans: tuple[Span, ...], *, upto: int, count: int) -> list[tuple[int, int]]:
    """Windows, ascending, that hold the `count` highest visible seqs up to `upto`: seqs are dense, so this is arithmetic."""
    windows: list[tuple[int, int]] = []
    for first, last in reversed(spans):
        top = upto if last is None else min(last, upto)
        if count <= 0 or top < first:
            continue
        bottom = max(first, top - count + 1)
        windows.insert(0, (bottom, top))
        count -= top - bottom + 1
    return windows


def _upwards(spans: tuple[Span, ...], *, above: int, head: int, count: int) -> list[tuple[int, int]]:
    """Windows, ascending, that hold the `count` lowest visible seqs above `above`."""
    windows: list[tuple[int, int]] = []
    for first, last in spans:
        bottom = max(first, above + 1)
        top = head if last is None else min(last, head)
        if count <= 0 or top < bottom:
            continue
        top = min(top, bottom + count - 1)
        windows.append((bottom, top))
        count -= top - bottom + 1
    return windows
