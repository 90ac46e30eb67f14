"""Android: FCM's HTTP v1 API, data messages only: the app itself decides what to show."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpcore
import msgspec
from google.auth import exceptions, transport
from google.oauth2 import service_account

from notifications.gateways.outbound import FAILURES, Answer, Outbound, Unanswered, later, patience
from notifications.protocol import Dropped, Gone, Later, Outcome, Push, Refused, Sent

URL = "https://fcm.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
KEPT = "86400s"
TOKEN_SECONDS = 5.0


class FcmGateway:
    """`credentials` is the path of the service account's JSON file, as Firebase's console gives it."""

    def __init__(self, *, credentials: str, url: str = URL, private: bool = False, authorities: str | None = None) -> None:
        self._account = service_account.Credentials.from_service_account_file(  # type: ignore[no-untyped-call]
            credentials, scopes=[SCOPE]
        )
        self._url = f"{url}/v1/projects/{self._account.project_id}/messages:send"
        self._outbound = Outbound(private=private, authorities=authorities)
        self._refreshing = asyncio.Lock()

    async def push(self, push: Push) -> Outcome:
        try:
            token = await self._token()
            answer = await self._send(push, token)
            if answer.status == 401:  # taken back before its time; if the next is no better, somebody has to look
                answer = await self._send(push, await self._token(instead_of=token))
        except exceptions.RefreshError as error:
            return Later("no token now") if error.retryable else Refused("Google gives our service account no token")
        except exceptions.TransportError as error:
            return Later(type(error).__name__)
        except Unanswered as error:
            return Later(str(error))
        return _outcome(answer)

    async def close(self) -> None:
        await self._outbound.close()

    async def _send(self, push: Push, token: str) -> Answer:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return await self._outbound.post(self._url, headers=headers, content=msgspec.json.encode(_message(push)))

    async def _token(self, *, instead_of: str | None = None) -> str:
        """The access token, a new one when it has run out or was refused; one call for all who wait."""
        async with self._refreshing:
            if not self._account.valid or self._account.token == instead_of:
                await asyncio.to_thread(self._account.refresh, _request)
            token: str = self._account.token
            return token


def _message(push: Push) -> dict[str, Any]:
    notice = push.notice
    data = {name: str(value) for name, value in notice.payload().items()}
    android: dict[str, Any] = {"priority": "NORMAL" if notice.kind == "read" else "HIGH", "ttl": KEPT}
    if notice.conversation:
        android["collapse_key"] = notice.collapse_id
    return {"message": {"token": push.subscriber.address, "data": data, "android": android}}


def _outcome(answer: Answer) -> Outcome:
    """By FCM's own word for what went wrong; a 404 without it is of a wrong project, not of a device that is gone."""
    if answer.status == 200:
        return Sent()
    error = answer.json().get("error", {})
    details = error.get("details", []) if isinstance(error, dict) else []
    word = next((detail["errorCode"] for detail in details if isinstance(detail, dict) and "errorCode" in detail), "")
    reason = f"HTTP {answer.status} {word}".strip()
    if word == "UNREGISTERED" or (word == "INVALID_ARGUMENT" and _blames_token(details)):
        return Gone(reason)
    if answer.status == 429 or answer.status >= 500:
        return later(answer)
    if answer.status in {401, 403, 404}:
        return Refused(f"{reason}: FCM does not accept our service account")
    return Dropped(reason)


def _blames_token(details: list[Any]) -> bool:
    violations = (one for detail in details if isinstance(detail, dict) for one in detail.get("fieldViolations", []))
    return any(isinstance(one, dict) and one.get("field") == "message.token" for one in violations)


class _Response(transport.Response):
    """What google-auth wants of an answer."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    @property
    def status(self) -> int:
        return self._response.status

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode("latin-1"): value.decode("latin-1") for name, value in self._response.headers}

    @property
    def data(self) -> bytes:
        return self._response.content


def _request(
    url: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float | None = None,
    **_: Any,
) -> _Response:
    """How google-auth asks for a token, at the address that the operator's file names."""
    given = list((headers or {}).items())
    try:
        found = httpcore.request(method, url, headers=given, content=body, extensions=patience(timeout or TOKEN_SECONDS))
    except FAILURES as error:
        raise exceptions.TransportError(type(error).__name__) from error  # type: ignore[no-untyped-call]
    return _Response(found)
