"""A task sends what can be sent, tries the rest again, and gives up only what nobody can send."""

from typing import Any
from unittest import mock

import msgspec
import pytest
from celery.exceptions import Retry
from pytest_django import Settings

from chatsite.core.errors import Unavailable
from notifications.gateways.base import Notice
from notifications.tasks import LONGEST_SECONDS, send_notices

SENT: list[int] = []
AWAY, BROKEN = 7, 8


class Picky:
    def push(self, notice: Notice) -> None:
        if notice.device == AWAY:
            raise Unavailable
        if notice.device == BROKEN:
            raise ValueError
        SENT.append(notice.device)


@pytest.fixture(autouse=True)
def picky(settings: Settings) -> None:
    SENT.clear()
    settings.PUSH_GATEWAYS = {"console": {"BACKEND": "tests.notifications.test_tasks.Picky"}}


def said(*devices: int) -> list[dict[str, Any]]:
    notices = [Notice(device=device, conversation=2, seq=3, badge=4) for device in devices]
    return msgspec.to_builtins(notices)  # type: ignore[no-any-return]


def test_one_that_nobody_can_send_does_not_take_the_others_along() -> None:
    send_notices.run(said(1, BROKEN, 2))
    assert SENT == [1, 2]


def test_those_whose_push_service_is_away_are_tried_again_and_only_those() -> None:
    with mock.patch.object(send_notices, "retry", side_effect=Retry()) as retry, pytest.raises(Retry):
        send_notices.run(said(1, AWAY, 2))
    assert SENT == [1, 2]
    assert retry.call_args.args == ([said(AWAY)],)
    assert 0 < retry.call_args.kwargs["countdown"] <= LONGEST_SECONDS
