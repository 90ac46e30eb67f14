"""What a stranger without an account can send costs next to nothing and logs no traceback."""

from collections.abc import AsyncIterator

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.server import Server

pytestmark = pytest.mark.journey


async def _large() -> AsyncIterator[bytes]:
    for _ in range(100):
        yield bytes(65_536)


@pytest.mark.parametrize("path", ["/api/v1/conversations", "/accounts/login/", "/api/auth/app/v1/auth/login"])
async def test_a_body_that_is_too_large_is_refused_and_not_kept(server: Server, path: str) -> None:
    async with httpx.AsyncClient(base_url=server.url) as stranger:
        response = await stranger.post(path, content=_large(), headers={"Content-Type": "application/json"})
        assert response.status_code == 413
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["code"] == "too_large"
        assert (await stranger.get("/accounts/login/")).status_code == 200


async def test_a_socket_elsewhere_is_refused(server: Server) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(f"{server.url.replace('http', 'ws', 1)}/nowhere"):
            pass
    assert refusal.value.response.status_code == 403
