"""Notices go through the gateway, off the event loop, without a word of the message."""

import logging
import threading

import pytest

from notifications.gateways.base import Notice
from notifications.gateways.console import ConsoleGateway
from notifications.services.push import GatewayPusher, open_pusher

NOTICE = Notice(device=11, conversation=22, seq=33, badge=44)


class Witness:
    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self.threads: set[int] = set()

    def push(self, notice: Notice) -> None:
        self.notices.append(notice)
        self.threads.add(threading.get_ident())


async def test_the_gateway_is_called_off_the_event_loop() -> None:
    witness = Witness()
    await GatewayPusher(witness).push([NOTICE, NOTICE])
    assert witness.notices == [NOTICE, NOTICE]
    assert threading.get_ident() not in witness.threads


async def test_nothing_to_say_wakes_nobody() -> None:
    witness = Witness()
    await GatewayPusher(witness).push([])
    assert witness.threads == set()


async def test_the_console_shows_the_numbers(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="notifications.push"):
        await open_pusher().push([NOTICE])
    (line,) = caplog.messages
    assert all(number in line for number in ("11", "22", "33", "44"))


def test_the_console_is_the_gateway_that_needs_nothing() -> None:
    ConsoleGateway().push(NOTICE)
