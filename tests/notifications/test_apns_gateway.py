"""Apple's push service over HTTP/2: a token of ours, the headers that decide what happens on the phone, and every reason it gives."""

from typing import Any

import pytest

from notifications.gateways.apns import ApnsGateway
from notifications.protocol import Dropped, Gone, Later, Push, Refused, Sent, Subscriber
from tests.contracts.clock import MovableClock
from tests.notifications.gateway_contract import NOTICE, READ, GatewayContract
from tests.notifications.services import Answer, PushServices

TOKEN = "a1" * 32


def reason(status: int, word: str, **more: Any) -> Answer:
    return Answer(status, body={"reason": word, **more})


class TestApnsGateway(GatewayContract):
    gone = (reason(400, "BadDeviceToken"), reason(400, "DeviceTokenNotForTopic"), reason(410, "Unregistered"), Answer(410))
    refused = (reason(403, "InvalidProviderToken"), reason(403, "BadCertificate"), reason(403, "ExpiredProviderToken"))

    def open(self, services: PushServices, **more: Any) -> ApnsGateway:
        options = {"authorities": services.authorities, "url": services.url, "sandbox_url": services.url} | more
        return ApnsGateway(key=services.apple.path, key_id="KEY1", team_id="TEAM1", topic="org.example.chat", **options)

    def subscriber(self, services: PushServices) -> Subscriber:
        return Subscriber(device=11, user=1, gateway="apns", address=TOKEN)

    def read_payload(self, services: PushServices) -> dict[str, Any]:
        given = services.requests[-1].json
        alert = given["aps"].get("alert", {})
        numbers = {name: value for name, value in given.items() if name != "aps"}
        return {**numbers, **alert, "badge": given["aps"]["badge"]}

    async def test_what_apple_is_told(self, services: PushServices, gateway: ApnsGateway) -> None:
        await self.push(services, gateway)
        await self.push(services, gateway, READ)
        shown, read = services.requests
        assert (shown.path, shown.version) == (f"/3/device/{TOKEN}", "2")
        assert services.apple.verify(shown)["iss"] == "TEAM1"
        names = ("apns-topic", "apns-push-type", "apns-priority", "apns-collapse-id")
        assert [shown.headers[name] for name in names] == ["org.example.chat", "alert", "10", NOTICE.collapse_id]
        assert [read.headers[name] for name in names] == ["org.example.chat", "background", "5", NOTICE.collapse_id]
        assert int(shown.headers["apns-expiration"]) > 1_700_000_000
        aps = shown.json["aps"]
        assert (aps["mutable-content"], aps["thread-id"], aps["sound"]) == (1, NOTICE.collapse_id, "default")
        assert read.json["aps"] == {"badge": 2, "content-available": 1}

    async def test_a_token_of_ours_lasts_for_most_of_an_hour(self, services: PushServices) -> None:
        clock = MovableClock()
        gateway = self.open(services, private=True, clock=clock)
        for minutes in (0, 39, 2):
            clock.forward(minutes * 60)
            await self.push(services, gateway)
        first, second, third = (request.headers["authorization"] for request in services.requests)
        assert first == second != third
        await gateway.close()

    async def test_a_token_that_apple_thinks_too_old_is_replaced(self, services: PushServices) -> None:
        clock = MovableClock()
        gateway = self.open(services, private=True, clock=clock)
        await self.push(services, gateway)
        clock.forward(60)
        services.answers.append(reason(403, "ExpiredProviderToken"))
        assert await self.push(services, gateway) == Sent()
        first, refused, again = (request.headers["authorization"] for request in services.requests)
        assert first == refused != again
        await gateway.close()

    async def test_since_when_a_device_is_gone(self, services: PushServices, gateway: ApnsGateway) -> None:
        services.answers.append(reason(410, "Unregistered", timestamp=1_700_000_000_000))
        assert await self.push(services, gateway) == Gone("HTTP 410 Unregistered", 1_700_000_000_000)

    async def test_builds_of_developers_go_to_the_sandbox(self, services: PushServices) -> None:
        gateway = self.open(services, private=True, url="https://localhost:9")
        subscriber = Subscriber(device=11, user=1, gateway="apns", address=TOKEN, sandbox=True)
        assert await gateway.push(Push(subscriber, NOTICE)) == Sent()
        await gateway.close()

    @pytest.mark.parametrize(
        ("answer", "outcome"),
        [
            (reason(429, "TooManyRequests"), Later),
            (reason(503, "Shutdown"), Later),
            (reason(400, "PayloadEmpty"), Dropped),
            (reason(413, "PayloadTooLarge"), Dropped),
            (reason(403, "TopicDisallowed"), Refused),
        ],
    )
    async def test_other_reasons(self, services: PushServices, gateway: ApnsGateway, answer: Answer, outcome: type) -> None:
        services.answers.append(answer)
        assert isinstance(await self.push(services, gateway), outcome)
