"""Requests to push services: encrypted, to public addresses only, without redirects, bounded in time and size."""

import asyncio
import ipaddress
import ssl
from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import httpcore
import msgspec

from chatsite.core.clock import clock
from notifications.protocol import Later

SECONDS = 10.0  # for all of a request, from looking the name up to the end of the answer
ANSWER_MAX = 4_096  # bytes; what comes after is not read
RETRY_AFTER_MAX = 86_400.0
CONNECTIONS = 50
# What httpcore raises when a request fails, whoever's fault it is.
FAILURES = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol)


class Answer(msgspec.Struct, frozen=True):
    """`body` may be cut."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def retry_after(self) -> float | None:
        """Seconds, at most a day; None where the service does not say."""
        said = self.headers.get("retry-after", "")
        try:
            seconds = float(said) if said.isdigit() else parsedate_to_datetime(said).timestamp() - clock.now_ms() / 1000
        except (ValueError, OverflowError):
            return None
        return min(max(seconds, 0.0), RETRY_AFTER_MAX)

    def json(self) -> Any:
        """An empty dict for what is none."""
        try:
            found = msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            return {}
        return found if isinstance(found, dict) else {}


class Unanswered(Exception):
    """The service could not be asked, or did not answer as HTTP asks for. The message may be shown: it holds no address."""


class NotPublic(Unanswered):
    """The address is none that we send to."""


class Outbound:
    """A pool of connections. `private` allows addresses that are not public: for push services of one's own network, and tests."""

    def __init__(self, *, http2: bool = False, private: bool = False, authorities: str | None = None) -> None:
        context = ssl.create_default_context(cafile=authorities)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=CONNECTIONS,
            keepalive_expiry=60,
            http1=not http2,
            http2=http2,
            network_backend=_Backend(private=private),
        )

    async def post(self, url: str, *, headers: Mapping[str, str], content: bytes) -> Answer:
        """Raises Unanswered."""
        try:
            async with (
                asyncio.timeout(SECONDS),
                self._pool.stream(
                    "POST", url, headers=list(headers.items()), content=content, extensions=patience(SECONDS)
                ) as response,
            ):
                told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
                return Answer(response.status, told, await _beginning(response))
        except TimeoutError:
            raise Unanswered("no answer in time") from None
        except FAILURES as error:
            raise Unanswered(type(error).__name__) from error

    async def close(self) -> None:
        await self._pool.aclose()


def patience(seconds: float) -> dict[str, Any]:
    """As httpcore wants to be told how long each step may take."""
    return {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), seconds)}


async def _beginning(response: httpcore.Response) -> bytes:
    read = b""
    async for part in response.aiter_stream():
        read += part
        if len(read) >= ANSWER_MAX:
            break
    return read[:ANSWER_MAX]


class _Backend(httpcore.AsyncNetworkBackend):
    """Looks a name up once, and connects to what was checked: a name that resolves to something else a moment later gains nothing."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._sockets = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
        except OSError as error:
            raise httpcore.ConnectError("the name is not known") from error
        addresses = [str(place[4][0]) for place in found]
        if not self._private and not all(is_public(address) for address in addresses):
            raise NotPublic("the address is not public")
        failure: Exception = httpcore.ConnectError("no address")
        for address in addresses[:3]:
            try:
                return await self._sockets.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


def is_public(address: str) -> bool:
    """Whether packets to it leave for the internet: no loopback, private, link-local or multicast one, in no disguise."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        hidden = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo[1] if parsed.teredo else None)
        if hidden is None and parsed in _NAT64:
            hidden = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if hidden is not None:
            return is_public(str(hidden))
    return parsed.is_global and not parsed.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def later(answer: Answer) -> Later:
    """For an answer that asks to come again."""
    return Later(f"HTTP {answer.status}", answer.retry_after)
