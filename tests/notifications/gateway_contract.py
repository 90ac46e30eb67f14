"""What every gateway promises (notifications/gateways/base.py). A gateway's suite inherits this."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from notifications.gateways import outbound
from notifications.gateways.base import Gateway
from notifications.protocol import Dropped, Gone, Later, Notice, Push, Refused, Sent, Subscriber
from tests.notifications.services import Answer, PushServices

NOTICE = Notice("message", conversation=2**62, seq=7, badge=12, title="Anna", body="3 new messages")
READ = Notice("read", conversation=2**62, seq=7, badge=2)


class GatewayContract(ABC):
    """`gone`, `refused`: answers by which this service says so."""

    gone: tuple[Answer, ...]
    refused: tuple[Answer, ...]

    @abstractmethod
    def open(self, services: PushServices, **more: Any) -> Gateway: ...

    @abstractmethod
    def subscriber(self, services: PushServices) -> Subscriber: ...

    @abstractmethod
    def read_payload(self, services: PushServices) -> dict[str, Any]:
        """What the device was given last."""

    @pytest.fixture
    async def gateway(self, services: PushServices) -> AsyncIterator[Gateway]:
        gateway = self.open(services, private=True)
        yield gateway
        await gateway.close()

    async def push(self, services: PushServices, gateway: Gateway, notice: Notice = NOTICE) -> Any:
        return await gateway.push(Push(self.subscriber(services), notice))

    async def test_the_device_is_given_numbers_and_words(self, services: PushServices, gateway: Gateway) -> None:
        assert await self.push(services, gateway) == Sent()
        given = self.read_payload(services)
        assert {name: str(value) for name, value in given.items()} == {
            "type": "message", "conversation": str(2**62), "seq": "7", "badge": "12", "title": "Anna", "body": "3 new messages",
        }  # fmt: skip

    async def test_a_withdrawal_says_nothing_but_numbers(self, services: PushServices, gateway: Gateway) -> None:
        assert await self.push(services, gateway, READ) == Sent()
        given = self.read_payload(services)
        assert {name: str(value) for name, value in given.items()} == {
            "type": "read", "conversation": str(2**62), "seq": "7", "badge": "2",
        }  # fmt: skip

    async def test_many_at_once(self, services: PushServices, gateway: Gateway) -> None:
        assert await asyncio.gather(*(self.push(services, gateway) for _ in range(100))) == [Sent()] * 100
        assert len(services.requests) == 100

    async def test_the_longest_words_fit(self, services: PushServices, gateway: Gateway) -> None:
        notice = Notice("message", conversation=2**62, seq=2**31, badge=9_999, title="名" * 500, body="𝒳" * 5_000)
        assert await self.push(services, gateway, notice) == Sent()
        assert len(services.requests[-1].body) <= 4_096
        assert self.read_payload(services)["body"] == "𝒳" * 300

    async def test_a_device_that_is_gone(self, services: PushServices, gateway: Gateway) -> None:
        for answer in self.gone:
            services.answers.append(answer)
            assert isinstance(await self.push(services, gateway), Gone), answer

    async def test_a_service_that_does_not_accept_us(self, services: PushServices, gateway: Gateway) -> None:
        for answer in self.refused:
            services.answers += [answer, answer]
            assert isinstance(await self.push(services, gateway), Refused), answer
            services.answers.clear()

    @pytest.mark.parametrize("status", [429, 500, 503])
    async def test_a_service_that_asks_to_come_again(self, services: PushServices, gateway: Gateway, status: int) -> None:
        services.answers.append(Answer(status))
        assert await self.push(services, gateway) == Later(f"HTTP {status}")
        services.answers.append(Answer(status, {"Retry-After": "120"}))
        assert await self.push(services, gateway) == Later(f"HTTP {status}", 120)
        at = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
        services.answers.append(Answer(status, {"Retry-After": at}))
        later = await self.push(services, gateway)
        assert 85 < later.seconds <= 90
        for said in ("soon", "-5", "9" * 400, "Tue, 31 Feb 2026 99:00:00 GMT"):
            services.answers.append(Answer(status, {"Retry-After": said}))
            later = await self.push(services, gateway)
            assert later.seconds is None or 0 <= later.seconds <= outbound.RETRY_AFTER_MAX, said

    async def test_what_nobody_can_send(self, services: PushServices, gateway: Gateway) -> None:
        services.answers.append(Answer(413))
        assert isinstance(await self.push(services, gateway), Dropped)

    async def test_a_redirect_is_not_followed(self, services: PushServices, gateway: Gateway) -> None:
        services.answers.append(Answer(307, {"Location": f"{services.url}/elsewhere"}))
        assert isinstance(await self.push(services, gateway), Dropped)
        assert len(services.requests) == 1

    async def test_an_answer_without_end_is_not_read_to_its_end(self, services: PushServices, gateway: Gateway) -> None:
        services.answers.append(Answer(200, endless=True))
        began = time.monotonic()
        assert await self.push(services, gateway) == Sent()
        assert time.monotonic() - began < outbound.SECONDS
        assert await self.push(services, gateway) == Sent(), "and the next one is served"

    async def test_a_service_that_does_not_answer(
        self, services: PushServices, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(outbound, "SECONDS", 0.3)
        services.answers.append(Answer(slow=2))
        assert await self.push(services, gateway) == Later("no answer in time")

    async def test_an_answer_that_is_no_json(self, services: PushServices, gateway: Gateway) -> None:
        for body in ("<html>", "[1]", '{"error": []}', '{"error": {"details": [1, {"fieldViolations": [2]}]}}'):
            services.answers.append(Answer(400, body=body))
            assert isinstance(await self.push(services, gateway), Dropped), body

    async def test_a_service_that_cannot_be_reached(self, services: PushServices, gateway: Gateway) -> None:
        services.__exit__()
        assert isinstance(await self.push(services, gateway), Later)
        services.__enter__()

    async def test_a_certificate_of_somebody_else(self, services: PushServices) -> None:
        gateway = self.open(services, private=True, authorities=None)
        assert isinstance(await self.push(services, gateway), Later)
        assert services.requests == []
        await gateway.close()

    async def test_an_address_that_is_not_public_is_not_called(self, services: PushServices) -> None:
        gateway = self.open(services)
        outcome = await self.push(services, gateway)
        assert isinstance(outcome, Dropped | Later)
        assert outcome.reason == "the address is not public"
        assert services.requests == []
        await gateway.close()
