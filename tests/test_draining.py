"""SIGTERM: everybody is sent elsewhere, nothing that was said is lost, and the process ends as asked."""

import asyncio
import signal
from typing import Any
from uuid import uuid4

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.client import Phone, Refused, Socket
from tests.conftest import NewPhone, StartServer
from tests.server import Server

pytestmark = pytest.mark.journey

BOUNDLESS = {"SEND_RATE": "100000", "SEND_BURST": "100000"}
PEOPLE = 6
Frame = dict[str, Any]


class Talker:
    """Sends without a pause, a few at once, and remembers what was answered."""

    def __init__(self, phone: Phone, group: str) -> None:
        self.phone = phone
        self.acked: dict[str, int] = {}
        self.unanswered: dict[str, Frame] = {}
        self._group = group

    async def talk(self, socket: Socket) -> None:
        """Until the socket ends."""
        await asyncio.gather(*(self._talk(socket) for _ in range(4)))

    async def _talk(self, socket: Socket) -> None:
        while not socket.is_closed:
            client_id = str(uuid4())
            self.unanswered[client_id] = {"type": "send", "conversation": self._group, "client_id": client_id, "text": "hello"}
            try:
                await self._send(socket, client_id)
            except (ConnectionClosed, AssertionError):
                return

    async def repeat(self, socket: Socket) -> None:
        for client_id in list(self.unanswered):
            await self._send(socket, client_id)

    async def _send(self, socket: Socket, client_id: str) -> None:
        frame = self.unanswered[client_id]
        await socket.send({"id": client_id, **frame})
        ack = await socket.expect("ack", client_id=client_id)
        self.acked[client_id] = ack["seq"]
        del self.unanswered[client_id]


async def whole_list(phone: Phone, group: str) -> dict[int, str]:
    """seq → client id of everything in it."""
    listed: dict[int, str] = {}
    before: int | None = None
    while before is None or before > 1:
        place = "" if before is None else f"&before={before}"
        page = await phone.api("GET", f"/conversations/{group}/messages?limit=100{place}")
        listed |= {message["seq"]: message["client_id"] for message in page["messages"]}
        before = min(listed)
    return listed


async def test_a_server_that_ends_under_load_loses_nothing_and_says_where_to_go(start_server: StartServer) -> None:
    server = start_server(**BOUNDLESS)
    phones = [Phone(server.url) for _ in range(PEOPLE)]
    for number, phone in enumerate(phones):
        await phone.sign_up(f"person{number}")
    group = await phones[0].group("Crowd", *(phone.username for phone in phones[1:]))
    for phone in phones[1:]:
        await phone.api("POST", f"/conversations/{group}/join", {})
    talkers = [Talker(phone, group) for phone in phones]
    sockets = [await phone.connect() for phone in phones]
    talking = [asyncio.create_task(talker.talk(socket)) for talker, socket in zip(talkers, sockets, strict=True)]
    async with asyncio.timeout(30):
        while min(len(talker.acked) for talker in talkers) < 5:
            await asyncio.sleep(0.01)

    assert await asyncio.to_thread(server.stop, signal.SIGTERM) == 0
    for socket in sockets:
        assert await socket.closed() == 4006
        assert [frame["reason"] for frame in socket.of_type("goodbye")] == ["moving"]
    await asyncio.gather(*talking)

    server.start()
    for talker in talkers:
        await talker.repeat(await talker.phone.connect())
    listed = await whole_list(phones[0], group)
    assert sorted(listed) == list(range(1, len(listed) + 1))
    acked = {client_id: seq for talker in talkers for client_id, seq in talker.acked.items()}
    assert len(acked) + PEOPLE == len(listed) == len(set(listed.values()))  # and one event for each person who came in
    assert all(listed[seq] == client_id for client_id, seq in acked.items())
    for phone in phones:
        await phone.close()


@pytest.fixture
def slow_server(start_server: StartServer) -> Server:
    """One that takes its time to drain."""
    return start_server(DRAIN_SECONDS="60")


@pytest.fixture
async def draining(slow_server: Server) -> tuple[Server, Phone, Socket, str]:
    """Told to end, with two sockets open: one hears it at once, the other in half a minute. And a ticket from before."""
    phone = Phone(slow_server.url)
    await phone.sign_up("anna")
    sockets = [await phone.connect(), await phone.connect()]
    ticket = (await phone.api("POST", "/connections"))["nodes"][0]["ticket"]
    slow_server.send_signal(signal.SIGTERM)
    async with asyncio.timeout(20):
        while not (gone := [socket for socket in sockets if socket.is_closed]):
            await asyncio.sleep(0.02)
    assert await gone[0].closed() == 4006
    (staying,) = (socket for socket in sockets if socket not in gone)
    return slow_server, phone, staying, ticket


async def test_while_it_drains_nobody_is_sent_here_and_who_comes_is_sent_on(
    draining: tuple[Server, Phone, Socket, str],
) -> None:
    server, phone, staying, ticket = draining
    assert not staying.is_closed
    await staying.settle()  # who is here is served until their turn comes
    assert (await phone.http.get("/healthz")).status_code == 200
    not_ready = await phone.http.get("/readyz")
    assert (not_ready.status_code, not_ready.text) == (503, "not ready: draining\n")
    with pytest.raises(Refused) as refused:
        await phone.api("POST", "/connections")
    assert (refused.value.code, refused.value.problem["retry_after"] > 0) == ("unavailable", True)
    newcomer = await Socket.open(phone.socket_url())
    await newcomer.send({"type": "hello", "ticket": ticket})
    assert await newcomer.closed() == 1012
    await newcomer.close()
    await phone.close()
    server.kill9()


async def test_a_second_signal_ends_at_once(draining: tuple[Server, Phone, Socket, str]) -> None:
    server, phone, staying, _ = draining
    assert await asyncio.to_thread(server.stop, signal.SIGTERM) == 0
    assert await staying.closed() in {1006, 1012}
    await phone.close()


def test_a_server_answers_load_balancers_whatever_they_call_it(standing_server: Server) -> None:
    for path, text in (("/healthz", "alive\n"), ("/readyz", "ready\n")):
        answer = httpx.get(standing_server.url + path, headers={"host": "10.0.0.7"}, trust_env=False)
        assert (answer.status_code, answer.text, answer.headers["cache-control"]) == (200, text, "no-store")


async def test_ctrl_c_does_not_wait(slow_server: Server) -> None:
    phone = Phone(slow_server.url)
    await phone.sign_up("anna")
    socket = await phone.connect()
    assert await asyncio.to_thread(slow_server.stop, signal.SIGINT) == 0
    assert await socket.closed() in {1001, 1012}
    await phone.close()


async def test_a_phone_comes_back_after_goodbye(server: Server, new_phone: NewPhone) -> None:
    anna = await new_phone("anna")
    socket = await anna.connect()
    await asyncio.to_thread(server.restart)
    goodbye = await socket.expect("goodbye")
    assert goodbye["nodes"] == []
    await (await anna.connect(socket.welcome["cursor"])).expect("synced")
