"""Web push by its RFCs: encrypted for the browser, signed with our key, and to push services only."""

import socket
from typing import Any

import pytest

from chatsite.core.errors import Invalid
from notifications.gateways import web
from notifications.gateways.outbound import is_public
from notifications.gateways.web import WebGateway, require_endpoint, require_keys
from notifications.protocol import Dropped, Gone, Omitted, Push, Sent, Subscriber
from notifications.vapid import new_key, public_key
from tests.contracts.clock import MovableClock
from tests.notifications.gateway_contract import NOTICE, READ, GatewayContract
from tests.notifications.services import Answer, Browser, PushServices, verify_vapid

KEY = new_key()


class TestWebGateway(GatewayContract):
    gone = (Answer(404), Answer(410))
    refused = (Answer(401), Answer(403))

    def open(self, services: PushServices, **more: Any) -> WebGateway:
        options = {"authorities": services.authorities, "hosts": [services.host]} | more
        return WebGateway(private_key=KEY, contact="mailto:admin@example.org", **options)

    def subscriber(self, services: PushServices) -> Subscriber:
        self.browser = getattr(self, "browser", None) or Browser(services.url)
        return Subscriber(
            device=11, user=1, gateway="web", address=self.browser.endpoint, p256dh=self.browser.p256dh, secret=self.browser.secret,
            server_key=public_key(KEY),
        )  # fmt: skip

    def read_payload(self, services: PushServices) -> dict[str, Any]:
        payload: dict[str, Any] = self.browser.decrypt(services.requests[-1])
        return payload

    async def test_the_headers_say_who_how_long_and_what_it_replaces(self, services: PushServices, gateway: WebGateway) -> None:
        await self.push(services, gateway)
        await self.push(services, gateway, READ)
        shown, read = services.requests
        assert shown.path == "/web/anna"
        claims = verify_vapid(shown, origin=services.url, public_key=public_key(KEY))
        assert claims["sub"] == "mailto:admin@example.org"
        assert {name: shown.headers[name] for name in ("ttl", "urgency", "topic")} == {
            "ttl": "86400", "urgency": "high", "topic": NOTICE.collapse_id,
        }  # fmt: skip
        assert (read.headers["urgency"], read.headers["topic"]) == ("normal", NOTICE.collapse_id)
        assert len(NOTICE.collapse_id) <= 32

    async def test_a_signature_is_made_once_for_many_and_anew_before_it_runs_out(self, services: PushServices) -> None:
        clock = MovableClock()
        gateway = self.open(services, private=True, clock=clock)
        for hours in (0, 10, 2):
            clock.forward(hours * 3600)
            assert await self.push(services, gateway) == Sent()
        first, second, third = (request.headers["authorization"] for request in services.requests)
        assert first == second != third
        await gateway.close()

    async def test_no_two_pushes_are_encrypted_alike(self, services: PushServices, gateway: WebGateway) -> None:
        await self.push(services, gateway)
        await self.push(services, gateway)
        assert services.requests[0].body != services.requests[1].body

    async def test_a_subscription_for_another_key_is_over(self, services: PushServices, gateway: WebGateway) -> None:
        other = Subscriber(device=11, user=1, gateway="web", address=f"{services.url}/web/b", server_key=public_key(new_key()))
        assert isinstance(await gateway.push(Push(other, NOTICE)), Gone)
        assert services.requests == []

    async def test_safari_is_sent_nothing_that_shows_nothing(self, gateway: WebGateway) -> None:
        safari = Subscriber(device=11, user=1, gateway="web", address="https://web.push.apple.com/Q", server_key=public_key(KEY))
        assert await gateway.push(Push(safari, READ)) == Omitted()

    async def test_a_name_that_turns_to_a_private_address_is_not_called(
        self, services: PushServices, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What was checked when the browser subscribed means nothing later, and no name is looked up twice."""
        gateway, asked = self.open(services, hosts=["push.example"]), []

        def look_up(host: str, port: int, *_: object, **__: object) -> list[Any]:
            asked.append(host)
            return [(socket.AF_INET, 1, 6, "", ("1.1.1.1", port)), (socket.AF_INET, 1, 6, "", ("10.0.0.7", port))]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        name = Subscriber(device=11, user=1, gateway="web", address="https://push.example/1", server_key=public_key(KEY))
        subscriber = self.subscriber(services)
        push = Push(
            Subscriber(**{**{f: getattr(subscriber, f) for f in subscriber.__struct_fields__}, "address": name.address}), NOTICE
        )
        assert await gateway.push(push) == Dropped("the address is not public")
        assert asked == ["push.example"]
        await gateway.close()


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/fcm/send/1",
        "https://fcm.googleapis.com:8443/fcm/send/1",
        "https://fcm.googleapis.com.evil.example/1",
        "https://evil.example/fcm.googleapis.com",
        "https://user@fcm.googleapis.com/1",
        "https://fcm.googleapis.com@evil.example/1",
        "https://evil.example#@fcm.googleapis.com/",
        "https://evil.example\\@fcm.googleapis.com/",
        "https://fcm.googleapis.com/ 1",
        "https://fcm.googleapis.com/\r\nX: 1",
        "https://ｆcm.googleapis.com/1",
        "https://notify.windows.com/1",
        "https://evilnotify.windows.com/1",
        "https://127.0.0.1/1",
        "https://2130706433/1",
        "https://0x7f.1/1",
        "https://[::1]/1",
        "https://[fe80::1%25eth0]/1",
        "https://localhost/1",
        "https://fcm.googleapis.com:99999/1",
        "https://[",
        "file:///etc/passwd",
        "gopher://fcm.googleapis.com/1",
        "//fcm.googleapis.com/1",
        "",
        "https://fcm.googleapis.com/" + "a" * web.ENDPOINT_MAX,
    ],
)
def test_what_is_no_push_service_is_refused(endpoint: str) -> None:
    with pytest.raises(Invalid):
        require_endpoint(endpoint)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:APA91b",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
        "https://wns2-par02p.notify.windows.com/w/?token=BQYA%2f",
        "https://web.push.apple.com/QGuQ",
        "https://fcm.googleapis.com:443/1",
    ],
)
def test_the_push_services_of_browsers_are_known(endpoint: str) -> None:
    require_endpoint(endpoint)


def test_an_operator_may_allow_another() -> None:
    require_endpoint("https://push.example.org/1", ["push.example.org"])
    with pytest.raises(Invalid):
        require_endpoint("https://push.example.org:8443/1", ["push.example.org"])
    require_endpoint("https://push.example.org:8443/1", ["push.example.org:8443"])


def test_keys_that_are_none_are_refused() -> None:
    browser = Browser("https://fcm.googleapis.com")
    require_keys(browser.p256dh, browser.secret)
    require_keys(browser.p256dh + "=", browser.secret + "==")
    for p256dh, secret in (
        ("", browser.secret),
        (browser.p256dh[:-4], browser.secret),
        ("B" * 87, browser.secret),
        (browser.p256dh, ""),
        (browser.p256dh, browser.secret[:-2]),
        (browser.p256dh, "ä" * 22),
        (browser.p256dh, "AAAA\nAAAA"),
    ):
        with pytest.raises(Invalid):
            require_keys(p256dh, secret)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::808:808", True),
        ("2002:7f00:1::", False),
    ],
)
def test_only_addresses_of_the_internet_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public
