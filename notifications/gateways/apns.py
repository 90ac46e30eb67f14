"""iPhones, iPads and Macs: Apple's push service over HTTP/2, with a token of ours."""

import asyncio
from pathlib import Path
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from chatsite.core.clock import Clock, clock
from notifications.gateways.outbound import Answer, Outbound, Unanswered, later
from notifications.protocol import Dropped, Gone, Later, Outcome, Push, Refused, Sent

URL = "https://api.push.apple.com"
SANDBOX_URL = "https://api.sandbox.push.apple.com"
KEPT_SECONDS = 86_400
TOKEN_SECONDS = 40 * 60  # Apple wants a new one after 20 to 60 minutes
GONE = {"BadDeviceToken", "DeviceTokenNotForTopic", "Unregistered", "ExpiredToken"}


class ApnsGateway:
    """`key` is the path of the .p8 file, `topic` the app's bundle id."""

    def __init__(
        self,
        *,
        key: str,
        key_id: str,
        team_id: str,
        topic: str,
        url: str = URL,
        sandbox_url: str = SANDBOX_URL,
        private: bool = False,
        authorities: str | None = None,
        clock: Clock = clock,
    ) -> None:
        self._key = Path(key).read_text()
        load_pem_private_key(self._key.encode(), password=None)  # raises now, not at the first push
        self._key_id = key_id
        self._team_id = team_id
        self._topic = topic
        self._urls = {False: url, True: sandbox_url}
        self._clock = clock
        self._token, self._token_at = "", float("-inf")
        self._renewing = asyncio.Lock()
        self._outbound = Outbound(http2=True, private=private, authorities=authorities)

    async def push(self, push: Push) -> Outcome:
        try:
            token = await self._our_token()
            answer = await self._send(push, token)
            if answer.status == 403 and answer.json().get("reason") == "ExpiredProviderToken":
                answer = await self._send(push, await self._our_token(instead_of=token))
        except Unanswered as error:
            return Later(str(error))
        return _outcome(answer)

    async def close(self) -> None:
        await self._outbound.close()

    async def _send(self, push: Push, token: str) -> Answer:
        subscriber, notice = push.subscriber, push.notice
        is_shown = notice.kind != "read"
        headers = {
            "authorization": f"bearer {token}",
            "apns-topic": self._topic,
            "apns-push-type": "alert" if is_shown else "background",
            "apns-priority": "10" if is_shown else "5",
            "apns-expiration": str(self._clock.now_ms() // 1000 + KEPT_SECONDS),
        }
        if notice.conversation:
            headers["apns-collapse-id"] = notice.collapse_id
        url = f"{self._urls[subscriber.sandbox]}/3/device/{subscriber.address}"
        return await self._outbound.post(url, headers=headers, content=msgspec.json.encode(_body(push)))

    async def _our_token(self, *, instead_of: str | None = None) -> str:
        """One for all: Apple answers `TooManyProviderTokenUpdates` to whoever makes them often."""
        async with self._renewing:
            now = self._clock.now_ms() / 1000
            if now - self._token_at > TOKEN_SECONDS or self._token == instead_of:
                claims = {"iss": self._team_id, "iat": int(now)}
                self._token = jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": self._key_id})
                self._token_at = now
            return self._token


def _body(push: Push) -> dict[str, Any]:
    """`mutable-content` lets the app's extension fetch the text."""
    notice = push.notice
    payload = notice.payload()
    aps: dict[str, Any] = {"badge": notice.badge}
    if notice.kind == "read":
        aps["content-available"] = 1
    else:
        alert = {"title": payload.pop("title"), "body": payload.pop("body")}
        aps |= {"alert": alert, "sound": "default", "mutable-content": 1}
        if notice.conversation:
            aps["thread-id"] = notice.collapse_id
    return {"aps": aps, **payload}


def _outcome(answer: Answer) -> Outcome:
    if answer.status == 200:
        return Sent()
    told = answer.json()
    word = str(told.get("reason", ""))
    reason = f"HTTP {answer.status} {word}".strip()
    if word in GONE or answer.status == 410:
        since = told.get("timestamp")
        return Gone(reason, since if isinstance(since, int) else None)
    if answer.status == 429 or answer.status >= 500:
        return later(answer)
    if answer.status == 403:
        return Refused(f"{reason}: Apple does not accept our key")
    return Dropped(reason)
