"""A server cancels the request of a client who hangs up: what it began is not left half way."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from messaging.services import membership
from messaging.services.membership import join, leave
from tests.messaging.world import World


async def hang_up_during(monkeypatch: pytest.MonkeyPatch, step: str, work: Awaitable[Any]) -> None:
    """Cancels `work` while its `step` runs in a thread."""
    reached, gone = threading.Event(), threading.Event()
    original: Callable[..., Any] = getattr(membership, step)

    def watched(*arguments: Any) -> Any:
        reached.set()
        gone.wait(10)
        return original(*arguments)

    monkeypatch.setattr(membership, step, watched)
    task = asyncio.ensure_future(work)
    await asyncio.to_thread(reached.wait, 10)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    gone.set()
    monkeypatch.undo()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await holds():
            await asyncio.sleep(0.01)


async def test_whoever_was_invited_can_join(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    anna, ben = await world.people(2)
    room = await world.group(anna)
    screen = await world.screen(ben)
    await hang_up_during(monkeypatch, "_invite", world.invite(anna, room, ben))

    async def is_told() -> bool:
        return bool(screen.of_type("conversation"))

    await until(is_told)
    assert (await join(world.chat, world.road, user=ben, conversation=room)).by_user[ben].is_in


async def test_whoever_left_is_out_and_everybody_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    anna, ben = await world.people(2)
    room = await world.group(anna, ben)
    screen = await world.screen(anna)
    await hang_up_during(monkeypatch, "_apply", leave(world.chat, world.road, user=ben, conversation=room))

    async def is_told() -> bool:
        return bool(screen.of_type("conversation"))

    await until(is_told)
    assert ben not in (await world.chat.members.get(room)).joined
    await world.say(anna, room)
