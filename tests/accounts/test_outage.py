"""A database or a Redis that is away is an outage to whoever asks, not a failure of ours."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from redis.exceptions import ConnectionError as RedisAway

from accounts.models import User
from tests.accounts.clients import App, problem

pytestmark = pytest.mark.django_db


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


@pytest.mark.parametrize("error", [OperationalError("no connection"), RedisAway("no connection")], ids=["database", "redis"])
def test_a_login_is_answered_with_a_time_to_come_back(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    User.objects.create(username="founder", is_superuser=True)
    monkeypatch.setattr("allauth.core.internal.ratelimit.consume", raising(error))
    answer = App().auth("POST", "/auth/login", {"username": "ada", "password": "correct horse 47 staple"})
    assert problem(answer) == (503, "unavailable", None)
    assert answer["Retry-After"] == "1"
    page = Client().post("/accounts/login/", {"login": "ada", "password": "correct horse 47 staple"})
    assert (page.status_code, page["Retry-After"]) == (503, "1")


def test_a_call_of_the_api_is_answered_with_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    app = App().sign_up("ada")
    assert app.me().status_code == 200
    monkeypatch.setattr("accounts.api.people._me", raising(OperationalError("no connection")))
    answer = app.me()
    assert problem(answer) == (503, "unavailable", None)
    assert answer["Retry-After"] == "1"
