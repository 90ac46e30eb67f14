"""Push services on loopback that speak the real protocols: TLS, HTTP/1.1 and HTTP/2, signatures and encryption checked."""

import asyncio
import contextlib
import json
import os
import socket
import threading
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import http_ece
import jwt
import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypercorn.asyncio import serve
from hypercorn.config import Config

from tests.servers import free_ports

START_SECONDS = 10

Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass
class Answer:
    """`slow`: seconds before it begins. `endless`: the body has no end."""

    status: int = 201
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | str = ""
    slow: float = 0
    endless: bool = False


@dataclass
class Request:
    path: str
    version: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class PushServices:
    """`answers` are given one by one to what comes; then everything is taken."""

    def __init__(self, place: Path) -> None:
        place.mkdir(parents=True, exist_ok=True)
        self.requests: list[Request] = []
        self.answers: list[Answer] = []
        self.delay_seconds = 0.0  # of every answer
        self.tokens_given = 0
        self._port, plain_port = free_ports(2)
        self.host = f"localhost:{self._port}"
        self.url = f"https://{self.host}"
        self.plain_url = f"http://127.0.0.1:{plain_port}"
        authority = trustme.CA()
        authority.cert_pem.write_to_path(place / "authority.pem")
        self.authorities = str(place / "authority.pem")
        certificate = authority.issue_cert("localhost")
        certificate.private_key_pem.write_to_path(place / "key.pem")
        certificate.cert_chain_pems[0].write_to_path(place / "certificate.pem")
        self._config = Config()
        self._config.bind = [f"127.0.0.1:{self._port}"]
        self._config.insecure_bind = [f"127.0.0.1:{plain_port}"]
        self._config.certfile, self._config.keyfile = str(place / "certificate.pem"), str(place / "key.pem")
        self._config.errorlog = self._config.accesslog = None
        self._config.graceful_timeout = 0.1
        self.account = ServiceAccount(place / "account.json", token_url=f"{self.plain_url}/token")
        self.apple = AppleKey(place / "key.p8")

    def __enter__(self) -> "PushServices":
        """On a thread and a loop of its own: servers that push here keep their connections from one test to the next."""
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._serve, name="push services")
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._listens():
            assert time.monotonic() < deadline, "the push services did not start"
            time.sleep(0.01)
        return self

    def _serve(self) -> None:
        with contextlib.suppress(asyncio.InvalidStateError):  # at its end it asks a cancelled connection how it failed
            self._loop.run_until_complete(serve(self._app, self._config, shutdown_trigger=self._ended.wait))  # type: ignore[arg-type]
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.05))
        self._loop.close()

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
            return True
        return False

    def environment(self) -> dict[str, str]:
        """What a server is told so that it sends here."""
        return {
            "PUSH_PRIVATE": "1", "PUSH_CA_FILE": self.authorities, "PUSH_HOSTS": self.host, "PUSH_CONTACT": "mailto:admin@example.org",
            "FCM_URL": self.url, "FCM_CREDENTIALS_FILE": self.account.path,
            "APNS_URL": self.url, "APNS_KEY_FILE": self.apple.path, "APNS_KEY_ID": "KEY1", "APNS_TEAM_ID": "TEAM1",
            "APNS_TOPIC": "org.example.chat",
        }  # fmt: skip

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    async def _app(self, scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]], send: Send) -> None:
        if scope["type"] == "lifespan":
            return await _live(receive, send)
        body, is_whole = b"", False
        while not is_whole and (part := await receive())["type"] == "http.request":
            body += part["body"]
            is_whole = not part.get("more_body")
        if not is_whole:
            return None  # whoever asked was killed half way
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        request = Request(scope["path"], scope["http_version"], headers, body)
        if request.path == "/token":
            return await _say(send, self._token(request))
        self.requests.append(request)
        await asyncio.sleep(self.delay_seconds)
        return await _say(send, self.answers.pop(0) if self.answers else Answer(200 if "/web/" not in request.path else 201))

    def _token(self, request: Request) -> Answer:
        self.account.verify(parse_qs(request.body.decode())["assertion"][0])
        if self.account.is_refused:
            return Answer(400, body={"error": "invalid_grant"})
        self.tokens_given += 1
        return Answer(200, body={"access_token": f"token-{self.tokens_given}", "expires_in": 3600, "token_type": "Bearer"})


async def _live(receive: Callable[[], Awaitable[dict[str, Any]]], send: Send) -> None:
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})


async def _say(send: Send, answer: Answer) -> None:
    await asyncio.sleep(answer.slow)
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    body = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
    while answer.endless:
        await send({"type": "http.response.body", "body": b"x" * 10_000, "more_body": True})
        await asyncio.sleep(0.001)
    await send({"type": "http.response.body", "body": body.encode()})


class Browser:
    """One browser's subscription, and what it does with a push."""

    def __init__(self, services_url: str, name: str = "anna") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._secret = os.urandom(16)
        self.endpoint = f"{services_url}/web/{name}"
        point = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        self.p256dh = _text(self._key.public_key().public_bytes(*point))
        self.secret = _text(self._secret)

    def decrypt(self, request: Request) -> Any:
        assert request.headers["content-encoding"] == "aes128gcm"
        plain = http_ece.decrypt(request.body, private_key=self._key, auth_secret=self._secret, version="aes128gcm")
        return json.loads(plain)


def verify_vapid(request: Request, *, origin: str, public_key: str) -> dict[str, Any]:
    """As a push service does; the claims."""
    scheme, _, rest = request.headers["authorization"].partition(" ")
    parts = dict(part.split("=", 1) for part in rest.split(","))
    assert (scheme, parts["k"]) == ("vapid", public_key)
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _octets(parts["k"]))
    return jwt.decode(parts["t"], key, algorithms=["ES256"], audience=origin)


class ServiceAccount:
    """What Firebase's console gives, for a project of our own."""

    def __init__(self, path: Path, *, token_url: str) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._public = key.public_key()
        self.path, self.is_refused = str(path), False
        pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        path.write_text(
            json.dumps(
                {
                    "type": "service_account", "project_id": "chat-1", "private_key_id": "k1", "client_email": "push@chat-1.example",
                    "private_key": key.private_bytes(*pem).decode(), "token_uri": token_url,
                }
            )
        )  # fmt: skip

    def verify(self, assertion: str) -> None:
        claims = jwt.decode(assertion, self._public, algorithms=["RS256"], audience="https://oauth2.googleapis.com/token")
        assert claims["iss"] == "push@chat-1.example"
        assert claims["scope"] == "https://www.googleapis.com/auth/firebase.messaging"


class AppleKey:
    def __init__(self, path: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        path.write_bytes(key.private_bytes(*pem))
        self.path, self._public = str(path), key.public_key()

    def verify(self, request: Request) -> dict[str, Any]:
        """The claims of the token, whose head names the key."""
        scheme, _, token = request.headers["authorization"].partition(" ")
        assert scheme == "bearer"
        assert jwt.get_unverified_header(token) == {"alg": "ES256", "kid": "KEY1", "typ": "JWT"}
        return jwt.decode(token, self._public, algorithms=["ES256"])


def _text(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def _octets(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
