"""Pages of history, against all that the reader may see."""

import pytest

from chatsite.core.errors import Invalid, NotAMember, NotFound
from messaging.models import Membership
from messaging.services.history import CHARACTERS, HistoryPage, read_history, read_message
from messaging.stores.sequencer.base import Head
from tests.contracts.rig import wish
from tests.messaging.world import World

HEAD = 30
SPANS: dict[str, list[list[int | None]]] = {
    "all": [[1, None]],
    "from the middle": [[12, None]],
    "two stays": [[3, 8], [20, None]],
    "gone": [[5, 9], [15, 21]],
    "none": [],
    "not yet": [[HEAD + 1, None]],
}


async def a_room(world: World, spans: list[list[int | None]]) -> tuple[int, int]:
    """A conversation of HEAD messages, and a reader with these spans."""
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    for number in range(1, HEAD + 1):
        await world.say(anna, room, f"{number}")
    await Membership.objects.filter(conversation_id=room, user_id=ben).aupdate(spans=spans)
    world.chat.members.forget(room)
    return room, ben


def check(page: HistoryPage, seen: list[int], expected: list[int], *, edge: int) -> None:
    """`edge`: whatever lies above it is after an empty page, the rest before."""
    seqs = [message.seq for message in page.messages]
    assert seqs == expected
    assert [message.text for message in page.messages] == [f"{seq}" for seq in seqs]
    assert page.head == max(seen, default=0)
    first, last = (seqs[0], seqs[-1]) if seqs else (edge + 1, edge)
    assert page.more_before == any(seq < first for seq in seen)
    assert page.more_after == any(seq > last for seq in seen)


@pytest.mark.parametrize("spans", SPANS.values(), ids=SPANS.keys())
async def test_every_page_holds_what_may_be_seen_and_says_what_is_left(world: World, spans: list[list[int | None]]) -> None:
    room, reader = await a_room(world, spans)
    seen = [seq for seq in range(1, HEAD + 1) if any(first <= seq <= (last or HEAD) for first, last in spans)]  # type: ignore[operator]

    async def page(**place: int) -> HistoryPage:
        return await read_history(world.chat, reader=reader, conversation=room, **place)

    check(await page(), seen, seen[-50:], edge=HEAD)
    for limit in (1, 3, 7):
        for place in (0, 1, 2, 5, 9, 10, 14, 22, HEAD, HEAD + 1, 2**53):
            below, above = [seq for seq in seen if seq < place], [seq for seq in seen if seq > place]
            check(await page(before=place, limit=limit), seen, below[-limit:], edge=min(max(place - 1, 0), HEAD))
            check(await page(after=place, limit=limit), seen, above[:limit], edge=min(place, HEAD))
            upto = [seq for seq in seen if seq <= place]
            around = [*upto[max(0, len(upto) - (limit + 1) // 2) :], *above[: limit // 2]]
            check(await page(around=place, limit=limit), seen, around, edge=min(place, HEAD))


async def test_one_place_at_a_time(world: World) -> None:
    room, reader = await a_room(world, SPANS["all"])
    with pytest.raises(Invalid):
        await read_history(world.chat, reader=reader, conversation=room, before=3, after=0)


async def test_strangers_have_no_history(world: World) -> None:
    room, _ = await a_room(world, SPANS["all"])
    stranger = await world.person()
    with pytest.raises(NotAMember):
        await read_history(world.chat, reader=stranger, conversation=room)
    with pytest.raises(NotAMember):
        await read_message(world.chat, reader=stranger, conversation=room, seq=1)


@pytest.mark.parametrize("seq", [0, 2, 9, HEAD + 1, 2**53])
async def test_one_message_outside_of_ones_stays_is_not_found(world: World, seq: int) -> None:
    room, reader = await a_room(world, SPANS["two stays"])
    with pytest.raises(NotFound):
        await read_message(world.chat, reader=reader, conversation=room, seq=seq)


async def test_what_is_not_released_is_on_no_page(world: World) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    await world.say(anna, room)
    draft = world.draft(anna, room)
    (outcome,) = await world.chat.sequencer.allocate([wish(draft)])
    await world.chat.log.store([outcome.message])  # type: ignore[union-attr]
    assert await world.chat.sequencer.heads([room]) == [Head(1, 0, outcome.message.sent_at, 0)]  # type: ignore[union-attr]
    page = await read_history(world.chat, reader=ben, conversation=room, after=0)
    assert [message.seq for message in page.messages] == [1]
    with pytest.raises(NotFound):
        await read_message(world.chat, reader=ben, conversation=room, seq=2)


@pytest.mark.parametrize(
    "ask,kept",
    [({}, [4, 5, 6, 7, 8]), ({"before": 7}, [2, 3, 4, 5, 6]), ({"after": 1}, [2, 3, 4, 5, 6]), ({"around": 4}, [2, 3, 4, 5, 6])],
)
async def test_a_page_of_long_messages_holds_those_nearest_that_fit(world: World, ask: dict[str, int], kept: list[int]) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    for _ in range(8):
        await world.say(anna, room, "x" * (CHARACTERS // 5 - 1))
    page = await read_history(world.chat, reader=ben, conversation=room, **ask)
    assert [message.seq for message in page.messages] == kept
    assert (page.more_before, page.more_after) == (kept[0] > 1, kept[-1] < 8)
