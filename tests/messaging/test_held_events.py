"""Live events that wait while a device is being synced are bounded, by number and by size."""

from typing import Any

import pytest

from chatsite.edge.consumer import SLOW
from messaging import consumers
from messaging.consumers import ChatConsumer
from tests.chatsite.edge.server import Peer, settle


class Syncing(ChatConsumer):
    """A socket in the middle of its hello."""

    async def opened(self, scope: dict[str, Any]) -> None:
        self._held = []
        self.accept()

    async def closed(self) -> None:
        """It never registered anywhere."""


async def test_too_many_events_end_the_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "HELD_MAX", 10)
    peer = Peer(Syncing)
    await settle()
    for _ in range(10):
        peer.consumer.deliver("frame")
    assert peer.close_codes == []
    peer.consumer.deliver("too much")
    assert (peer.close_codes, peer.frames) == ([SLOW], [])
    peer.hang_up()
    await peer.task


async def test_too_large_events_end_the_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "QUEUE_CHARACTERS", 100)
    peer = Peer(Syncing)
    await settle()
    for _ in range(2):
        peer.consumer.deliver("x" * 50)
    assert peer.close_codes == []
    peer.consumer.deliver("x")
    assert (peer.close_codes, peer.frames) == ([SLOW], [])
    peer.hang_up()
    await peer.task
