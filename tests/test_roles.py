"""What a process of each role answers: `api` holds no sockets, `node` has no pages; load balancers are answered by all."""

from typing import Any

import httpx
import pytest
from asgiref.testing import ApplicationCommunicator

from chatsite.asgi import application_for
from chatsite.health import Health, nothing_else
from tests.conftest import StartServer

Event = dict[str, Any]


_communicator: Any = ApplicationCommunicator  # it has no types


async def get(application: Any, path: str) -> tuple[int, bytes]:
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": []}
    communicator = _communicator(application, scope)
    await communicator.send_input({"type": "http.request", "body": b"", "more_body": False})
    start = await communicator.receive_output(timeout=5)
    body = await communicator.receive_output(timeout=5)
    return start["status"], body["body"]


async def knock(application: Any, path: str = "/ws/v1") -> Event:
    """The answer to a handshake from nowhere we like."""
    headers = [(b"host", b"localhost"), (b"origin", b"null")]
    scope = {"type": "websocket", "path": path, "query_string": b"", "headers": headers, "subprotocols": ["chatsite.v1"]}
    communicator = _communicator(application, scope)
    await communicator.send_input({"type": "websocket.connect"})
    answer: Event = await communicator.receive_output(timeout=5)
    await communicator.send_input({"type": "websocket.disconnect", "code": 1006})
    await communicator.wait(timeout=5)
    return answer


async def test_an_api_holds_no_sockets() -> None:
    assert (await knock(application_for("api")))["type"] == "websocket.close"


@pytest.mark.parametrize("role", ["node", "all"])
async def test_a_node_holds_sockets_and_only_where_they_belong(role: str) -> None:
    assert (await knock(application_for(role)))["type"] == "websocket.accept"
    assert (await knock(application_for(role), "/ws/v2"))["type"] == "websocket.close"


@pytest.mark.parametrize("path", ["/", "/admin/", "/api/v1/me", "/static/js/main.js", "/healthz/"])
async def test_a_node_has_no_pages(path: str) -> None:
    assert await get(application_for("node"), path) == (404, b"not here\n")


@pytest.mark.parametrize("role", ["api", "node", "all"])
async def test_every_role_says_that_it_is_alive(role: str) -> None:
    assert await get(application_for(role), "/healthz") == (200, b"alive\n")


async def test_who_is_not_ready_says_why_and_is_asked_at_most_once_a_second() -> None:
    asked: list[str] = []

    async def obstacles() -> list[str]:
        asked.append("")
        return ["the database", "the inboxes"]

    application = Health(nothing_else, obstacles=obstacles)
    for _ in range(3):
        assert await get(application, "/readyz") == (503, b"not ready: the database, the inboxes\n")
    assert len(asked) == 1


@pytest.mark.journey
async def test_a_page_may_open_sockets_to_the_nodes_that_are_listed(start_server: StartServer) -> None:
    server = start_server(NODE_ORIGINS="wss://n1.example wss://n2.example:8443")
    policy = httpx.get(f"{server.url}/accounts/login/", trust_env=False).headers["content-security-policy"]
    (connect,) = (part for part in policy.split("; ") if part.startswith("connect-src"))
    assert connect == "connect-src 'self' wss://n1.example wss://n2.example:8443"
