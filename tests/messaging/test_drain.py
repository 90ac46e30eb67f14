"""A node that is told to end sends its people elsewhere, evenly. Whole servers do in tests/test_draining.py."""

import asyncio

from chatsite.edge.hub import Hub
from messaging.services.drain import MOVED, RECONNECT_SECONDS, move_everybody
from tests.messaging.world import Screen


class Leaving(Screen):
    """Gone from the hub when it is closed, as a socket is."""

    def __init__(self, hub: Hub, user: int) -> None:
        super().__init__(user, device=user)
        self.hub = hub
        hub.add(self)

    def close(self, code: int, reason: str) -> None:
        super().close(code, reason)
        self.hub.remove(self)


def full_hub(people: int) -> tuple[Hub, list[Leaving]]:
    hub = Hub()
    return hub, [Leaving(hub, user) for user in range(1, people + 1)]


async def test_everybody_hears_goodbye_and_is_closed_as_moved() -> None:
    hub, screens = full_hub(250)
    await move_everybody(hub, over_seconds=0)
    goodbye = {"type": "goodbye", "reason": "moving", "reconnect_after": RECONNECT_SECONDS, "nodes": []}
    assert all(screen.frames == [goodbye, {"type": "closed", "code": MOVED}] for screen in screens)


async def test_closings_are_spread_and_each_may_then_go_on_at_once() -> None:
    hub, screens = full_hub(10)
    moving = asyncio.create_task(move_everybody(hub, over_seconds=0.3))
    seen = set()
    while not moving.done():
        seen.add(len(hub.connections()))
        await asyncio.sleep(0)
    assert len(seen) > 5
    assert {screen.frames[0]["reconnect_after"] for screen in screens} == {0}


async def test_who_arrives_while_the_others_are_moved_is_moved_too() -> None:
    hub, _ = full_hub(3)
    moving = asyncio.create_task(move_everybody(hub, over_seconds=0.1))
    await asyncio.sleep(0)
    late = Leaving(hub, 99)
    await moving
    assert late.of_type("closed")


async def test_an_empty_node_has_nobody_to_move() -> None:
    await move_everybody(Hub(), over_seconds=60)
