"""The lean consumer: no thread hop and no task a message, a bounded queue for a peer that reads slowly, a quiet end."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import asgiref.sync
import pytest
from channels.testing import WebsocketCommunicator

from chatsite.edge import stock
from chatsite.edge.consumer import SLOW, LeanConsumer
from tests.chatsite.edge.server import Peer, settle


class Echo(LeanConsumer):
    """Says back what it hears; `fail`, `close` and `wait` do what they say."""

    def __init__(self) -> None:
        super().__init__()
        self.ends = 0
        self.waited: asyncio.Event = asyncio.Event()

    async def opened(self, scope: dict[str, Any]) -> None:
        self.accept("echo")

    def receive_frame(self, text: str) -> Coroutine[Any, Any, None] | None:
        if text == "wait":
            return self.wait()
        if text == "fail":
            raise LookupError
        if text == "close":
            self.close(4002, "as you wish")
        self.deliver(text)
        return None

    async def wait(self) -> None:
        await self.waited.wait()
        self.deliver("wait")

    async def closed(self) -> None:
        self.ends += 1


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    peer = Peer(Echo)
    await settle()
    yield peer
    peer.hang_up()
    await asyncio.gather(peer.task, return_exceptions=True)


def echo_of(peer: Peer) -> Echo:
    assert isinstance(peer.consumer, Echo)
    return peer.consumer


def code_of(peer: Peer) -> int | None:
    return peer.consumer.close_code


async def test_a_socket_is_accepted_and_answered(peer: Peer) -> None:
    for text in ("one", "two"):
        peer.say(text)
    await settle()
    assert peer.sent[0] == {"type": "websocket.accept", "subprotocol": "echo"}
    assert peer.frames == ["one", "two"]


async def test_it_speaks_with_the_test_client_of_channels() -> None:
    communicator = WebsocketCommunicator(Echo.as_asgi(), "/ws/v1")
    connected, subprotocol = await communicator.connect()
    assert (connected, subprotocol) == (True, "echo")
    await communicator.send_to(text_data="hello")
    assert await communicator.receive_from() == "hello"
    await communicator.disconnect()


async def test_no_message_makes_a_task_or_hops_to_a_thread(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **more: Any) -> Any:
        raise AssertionError("a message hopped to a thread")

    monkeypatch.setattr(asgiref.sync.SyncToAsync, "__call__", refuse)
    monkeypatch.setattr(asyncio.get_running_loop(), "run_in_executor", refuse)
    made: list[str] = []
    loop = asyncio.get_running_loop()

    def note_task(loop: asyncio.AbstractEventLoop, coroutine: Any, **more: Any) -> asyncio.Task[Any]:
        made.append(repr(coroutine))
        return asyncio.Task(coroutine, loop=loop, **more)

    loop.set_task_factory(note_task)
    try:
        for number in range(100):
            peer.say(f"{number}")
        await settle()
        peer.consumer.deliver("from elsewhere")
    finally:
        loop.set_task_factory(None)
    assert peer.frames == [*(f"{number}" for number in range(100)), "from elsewhere"]
    assert made == []


async def test_a_frame_is_written_before_deliver_returns(peer: Peer) -> None:
    peer.consumer.deliver("now")
    assert peer.frames == ["now"]


async def test_a_peer_that_reads_slowly_gets_everything_in_order(peer: Peer) -> None:
    peer.stop_reading()
    for number in range(500):
        peer.consumer.deliver(f"{number}")
    await settle()
    assert peer.frames == []
    peer.read_on()
    await settle()
    peer.consumer.deliver("last")
    await settle()
    assert peer.frames == [*(f"{number}" for number in range(500)), "last"]


async def test_a_peer_may_stall_and_go_on_again_and_again(peer: Peer) -> None:
    for turn in range(3):
        peer.stop_reading()
        for part in ("a", "b"):
            peer.consumer.deliver(f"{turn}{part}")
        await settle()
        peer.read_on()
        await settle()
    assert peer.frames == ["0a", "0b", "1a", "1b", "2a", "2b"]


async def test_a_full_queue_ends_the_socket(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock, "QUEUE_FRAMES", 10)
    peer.stop_reading()
    for number in range(11):  # one is on its way, ten wait
        peer.consumer.deliver(f"{number}")
    assert code_of(peer) is None
    peer.consumer.deliver("too much")
    assert code_of(peer) == SLOW
    await asyncio.wait_for(peer.task, 1)
    assert echo_of(peer).ends == 1


async def test_a_queue_is_bounded_by_its_characters_too(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock, "QUEUE_CHARACTERS", 100)
    peer.stop_reading()
    peer.consumer.deliver("x" * 1_000)  # on its way: no queue yet
    peer.consumer.deliver("x" * 100)
    assert code_of(peer) is None
    peer.consumer.deliver("x")
    assert code_of(peer) == SLOW


async def test_what_was_read_makes_room_again(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock, "QUEUE_CHARACTERS", 100)
    for _ in range(5):
        peer.stop_reading()
        peer.consumer.deliver("on its way")
        peer.consumer.deliver("x" * 100)
        peer.read_on()
        await settle()
    assert code_of(peer) is None
    assert len(peer.frames) == 10


async def test_closing_a_peer_that_reads_nothing_ends_its_task_at_once(peer: Peer) -> None:
    peer.stop_reading()
    peer.consumer.deliver("never read")
    await settle()
    peer.consumer.close(4002, "revoked")
    await asyncio.wait_for(peer.task, 1)
    assert echo_of(peer).ends == 1
    assert not [task for task in asyncio.all_tasks() if "_drain_queue" in repr(task)]


async def test_closing_says_why_and_delivers_nothing_after(peer: Peer) -> None:
    peer.consumer.close(4002, "revoked")
    peer.consumer.close(4005, "again")
    peer.consumer.deliver("too late")
    assert peer.sent[-1] == {"type": "websocket.close", "code": 4002, "reason": "revoked"}
    assert (peer.close_codes, peer.frames) == ([4002], [])


async def test_what_comes_after_the_close_is_not_heard(peer: Peer) -> None:
    peer.say("close")
    peer.say("fail")
    await settle()
    assert not peer.task.done()
    peer.hang_up()
    await asyncio.wait_for(peer.task, 1)
    assert echo_of(peer).ends == 1


async def test_binary_frames_are_refused(peer: Peer) -> None:
    peer.say_bytes(b"\x00")
    await settle()
    assert peer.close_codes == [1003]


@pytest.mark.parametrize("error", [OSError(), RuntimeError("Unexpected ASGI message")], ids=["gone", "closed"])
async def test_a_peer_that_is_gone_harms_nobody(peer: Peer, error: Exception) -> None:
    peer.error = error
    peer.consumer.deliver("to nobody")
    peer.consumer.close(4002, "to nobody")
    await settle()
    assert not peer.task.done()


async def test_a_peer_that_goes_while_frames_wait_harms_nobody(peer: Peer) -> None:
    peer.stop_reading()
    for text in ("one", "two", "three"):
        peer.consumer.deliver(text)
    await settle()
    peer.error = OSError()
    peer.read_on()
    await settle()
    peer.hang_up()
    await asyncio.wait_for(peer.task, 1)
    assert peer.frames == ["one"]
    assert echo_of(peer).ends == 1


async def test_an_error_ends_the_socket_and_is_seen_by_the_server(peer: Peer) -> None:
    peer.say("fail")
    with pytest.raises(LookupError):
        await peer.task
    assert echo_of(peer).ends == 1


async def test_a_cancellation_by_the_server_goes_on_up(peer: Peer) -> None:
    peer.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await peer.task
    assert echo_of(peer).ends == 1


async def test_a_socket_that_is_closed_in_the_middle_of_a_command_ends(peer: Peer) -> None:
    peer.say("wait")
    await settle()
    peer.stop_reading()
    peer.consumer.deliver("never read")
    peer.consumer.close(4002, "revoked")
    await asyncio.wait_for(peer.task, 1)
    assert echo_of(peer).ends == 1
