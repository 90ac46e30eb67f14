"""FCM's HTTP v1 API: a token for the service account, data messages, and its own words for what went wrong."""

from typing import Any

from notifications.gateways.fcm import FcmGateway
from notifications.protocol import Dropped, Later, Refused, Sent, Subscriber
from tests.notifications.gateway_contract import NOTICE, READ, GatewayContract
from tests.notifications.services import Answer, PushServices


def error(status: int, word: str = "", **detail: Any) -> Answer:
    details: list[dict[str, Any]] = (
        [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": word}] if word else []
    )
    return Answer(status, body={"error": {"code": status, "details": [*details, *([detail] if detail else [])]}})


def blames(field: str) -> dict[str, Any]:
    return {"fieldViolations": [{"field": field, "description": "Invalid"}]}


class TestFcmGateway(GatewayContract):
    gone = (error(404, "UNREGISTERED"), error(400, "INVALID_ARGUMENT", **blames("message.token")))
    refused = (error(401, "THIRD_PARTY_AUTH_ERROR"), error(403, "SENDER_ID_MISMATCH"), error(403), error(404))

    def open(self, services: PushServices, **more: Any) -> FcmGateway:
        options = {"authorities": services.authorities, "url": services.url} | more
        return FcmGateway(credentials=services.account.path, **options)

    def subscriber(self, services: PushServices) -> Subscriber:
        return Subscriber(device=11, user=1, gateway="fcm", address="registration:APA91b")

    def read_payload(self, services: PushServices) -> dict[str, Any]:
        payload: dict[str, Any] = services.requests[-1].json["message"]["data"]
        return payload

    async def test_a_data_message_for_one_app_of_our_project(self, services: PushServices, gateway: FcmGateway) -> None:
        await self.push(services, gateway)
        await self.push(services, gateway, READ)
        shown, read = services.requests
        assert shown.path == "/v1/projects/chat-1/messages:send"
        message = shown.json["message"]
        assert set(message) == {"token", "data", "android"}, "the app itself decides what to show"
        assert message["token"] == "registration:APA91b"
        assert message["android"] == {"priority": "HIGH", "ttl": "86400s", "collapse_key": NOTICE.collapse_id}
        assert all(isinstance(value, str) for value in message["data"].values())
        assert read.json["message"]["android"]["priority"] == "NORMAL"

    async def test_one_token_serves_many_and_one_that_is_refused_is_replaced_once(
        self, services: PushServices, gateway: FcmGateway
    ) -> None:
        for _ in range(3):
            assert await self.push(services, gateway) == Sent()
        assert services.tokens_given == 1
        services.answers.append(error(401))
        assert await self.push(services, gateway) == Sent()
        assert [request.headers["authorization"] for request in services.requests[-2:]] == ["Bearer token-1", "Bearer token-2"]

    async def test_an_account_that_gets_no_token_keeps_the_subscription(
        self, services: PushServices, gateway: FcmGateway
    ) -> None:
        services.account.is_refused = True
        assert isinstance(await self.push(services, gateway), Refused)
        assert services.requests == []

    async def test_another_field_that_is_invalid_is_our_mistake(self, services: PushServices, gateway: FcmGateway) -> None:
        services.answers.append(error(400, "INVALID_ARGUMENT", **blames("message.data")))
        assert isinstance(await self.push(services, gateway), Dropped)

    async def test_a_full_quota(self, services: PushServices, gateway: FcmGateway) -> None:
        services.answers.append(Answer(429, {"Retry-After": "30"}, error(429, "QUOTA_EXCEEDED").body))
        assert await self.push(services, gateway) == Later("HTTP 429", 30)
