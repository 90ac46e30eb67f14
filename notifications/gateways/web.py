"""Browsers: web push (RFC 8030), encrypted for the browser alone (RFC 8291), signed by our VAPID key (RFC 8292)."""

import os
import re
from base64 import urlsafe_b64decode
from binascii import Error as BadBase64
from collections.abc import Sequence
from urllib.parse import urlsplit

import http_ece
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from chatsite.core.clock import Clock, clock
from chatsite.core.errors import Invalid
from notifications.gateways.outbound import Answer, NotPublic, Outbound, Unanswered, later
from notifications.protocol import Dropped, Gone, Later, Omitted, Outcome, Push, Refused, Sent
from notifications.vapid import public_key

# The push services of the browsers there are: nobody makes us call another host.
HOSTS = (
    "fcm.googleapis.com",
    "*.push.services.mozilla.com",
    "*.notify.windows.com",
    "*.push.apple.com",
)
# Safari takes the subscription back after a push that shows nothing, so nothing is withdrawn there.
SHOWS_EVERYTHING = ("*.push.apple.com",)
KEPT_SECONDS = 86_400  # how long the service keeps a notice for a browser that is away
SIGNED_SECONDS = 12 * 3600  # RFC 8292 allows a day
ENDPOINT_MAX = 1_000


class WebGateway:
    """`contact` is whom the service may write to, a mailto: or https: address; `hosts` are allowed besides the known ones."""

    def __init__(
        self,
        *,
        private_key: str,
        contact: str,
        hosts: Sequence[str] = (),
        private: bool = False,
        authorities: str | None = None,
        clock: Clock = clock,
    ) -> None:
        self._vapid = Vapid02.from_pem(private_key.encode())
        self._public_key = public_key(private_key)
        self._contact = contact
        self._hosts = hosts
        self._clock = clock
        self._signed: dict[str, tuple[float, str]] = {}
        self._outbound = Outbound(private=private, authorities=authorities)

    async def push(self, push: Push) -> Outcome:
        subscriber, notice = push.subscriber, push.notice
        if subscriber.server_key != self._public_key:
            return Gone("it was made for another VAPID key; the browser makes a new one at its next visit")
        origin = urlsplit(subscriber.address)
        try:
            require_endpoint(subscriber.address, self._hosts)
        except Invalid as error:
            return Dropped(str(error))
        if notice.kind == "read" and _is_listed(origin.hostname or "", SHOWS_EVERYTHING):
            return Omitted()
        headers = {
            "Authorization": self._authorization(f"{origin.scheme}://{origin.netloc}"),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(KEPT_SECONDS),
            "Urgency": "normal" if notice.kind == "read" else "high",
        }
        if notice.conversation:
            headers["Topic"] = notice.collapse_id
        try:
            content = encrypt(msgspec.json.encode(notice.payload()), p256dh=subscriber.p256dh, secret=subscriber.secret)
            return _outcome(await self._outbound.post(subscriber.address, headers=headers, content=content))
        except NotPublic as error:
            return Dropped(str(error))
        except Unanswered as error:
            return Later(str(error))

    async def close(self) -> None:
        await self._outbound.close()

    def _authorization(self, origin: str) -> str:
        """A signature a service, good for hours: to sign costs as much as to encrypt."""
        now = self._clock.now_ms() / 1000
        until, header = self._signed.get(origin, (0.0, ""))
        if until < now + 3600:
            until = now + SIGNED_SECONDS
            header = self._vapid.sign({"aud": origin, "sub": self._contact, "exp": int(until)})["Authorization"]
            self._signed[origin] = (until, header)
        return header


def _outcome(answer: Answer) -> Outcome:
    match answer.status:
        case 200 | 201 | 202 | 204:
            return Sent()
        case 404 | 410:
            return Gone(f"HTTP {answer.status}")
        case 401 | 403:
            return Refused(f"HTTP {answer.status}: the push service does not accept our VAPID key")
        case 429 | 500 | 502 | 503 | 504:
            return later(answer)
        case status:
            return Dropped(f"HTTP {status}")


def encrypt(payload: bytes, *, p256dh: str, secret: str) -> bytes:
    """By RFC 8291, with a key and a salt of its own."""
    encrypted: bytes = http_ece.encrypt(
        payload,
        salt=os.urandom(16),
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=_decode(p256dh),
        auth_secret=_decode(secret),
        version="aes128gcm",
    )
    return encrypted


def require_endpoint(endpoint: str, hosts: Sequence[str] = ()) -> None:
    """Raises Invalid for what is no push service's: only https, its own port, a known host by its name."""
    try:
        parts = urlsplit(endpoint)
        port = parts.port or 443
    except ValueError:
        raise Invalid("That is no endpoint of a push service", field="endpoint") from None
    is_plain = parts.scheme == "https" and not parts.username and not parts.password and "@" not in parts.netloc
    if len(endpoint) > ENDPOINT_MAX or not is_plain or not endpoint.isascii() or re.search(r"[\x00-\x20\x7f\\#]", endpoint):
        raise Invalid("That is no endpoint of a push service", field="endpoint")
    host = (parts.hostname or "").lower()
    if f"{host}:{port}" not in hosts and (port != 443 or not _is_listed(host, (*HOSTS, *hosts))):
        raise Invalid("This instance does not send to that push service", field="endpoint")


def require_keys(p256dh: str, secret: str) -> None:
    """Raises Invalid for what is no point of the curve and no secret."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _decode(p256dh))
        is_secret = len(_decode(secret)) == 16
    except (ValueError, BadBase64):
        raise Invalid("That is no key of a browser's subscription", field="keys") from None
    if not is_secret:
        raise Invalid("That is no secret of a browser's subscription", field="keys")


def _is_listed(host: str, patterns: Sequence[str]) -> bool:
    return any(host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern for pattern in patterns)


def _decode(text: str) -> bytes:
    """base64url, with or without its padding."""
    if not re.fullmatch(r"[A-Za-z0-9_-]*={0,2}", text):
        raise BadBase64
    return urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
