"""A phone that knows several api processes, and tries the next one, and the next node, when one does not answer."""

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any

import httpx
from websockets.exceptions import WebSocketException

from tests.client import Phone, Socket

ANSWER_SECONDS = 5.0
OPEN_SECONDS = 3.0
_addresses = (f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}" for number in itertools.count(1))


class Roamer(Phone):
    """As `Phone`. `avoid` names the socket URL of a node that it takes only where there is no other."""

    def __init__(self, urls: Sequence[str], name: str = "Roamer", *, token: str | None = None, avoid: str = "") -> None:
        super().__init__(urls[0], name)
        self.token = token
        self.avoid = avoid
        self.http.headers["X-Forwarded-For"] = next(_addresses)
        self.http.timeout = httpx.Timeout(ANSWER_SECONDS)
        self._urls = list(urls)

    async def request(self, method: str, path: str, body: object = None) -> httpx.Response:
        """At the api that answered last, else at the next. What it asked may be done twice."""
        for _ in self._urls[1:]:
            try:
                return await super().request(method, f"{self._urls[0]}{path}", body)
            except httpx.TransportError:
                self.turn()
        return await super().request(method, f"{self._urls[0]}{path}", body)

    async def api_once(self, method: str, path: str, body: object) -> Any:
        """At the present api alone. Raises httpx.HTTPError besides Refused: then nobody knows what became of it."""
        urls, self._urls = self._urls, self._urls[:1]
        try:
            return await self.api(method, path, body)
        finally:
            self._urls = urls

    def turn(self) -> None:
        """To the next api."""
        self._urls.append(self._urls.pop(0))

    async def connect(self, cursor: str | None = None, reads: dict[str, int] | None = None) -> Socket:
        """A socket at the first of the nodes that takes us. Raises OSError when none does."""
        nodes = (await self.api("POST", "/connections", {}))["nodes"]
        for node in sorted(nodes, key=lambda node: bool(self.avoid) and node["url"] == self.avoid):
            try:
                async with asyncio.timeout(OPEN_SECONDS):
                    return await self.connect_to(node, cursor, reads)
            except (OSError, WebSocketException, TimeoutError, AssertionError):
                await self.vanish()
        raise OSError(f"none of {len(nodes)} nodes took us")
