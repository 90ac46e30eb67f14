"""Guessing passwords is slow, from one address and for one account, whatever the headers claim."""

from typing import Any

import pytest
from django.test import RequestFactory

from accounts.addresses import client_ip
from accounts.api.people import LOOKUPS_AT_ONCE
from tests.accounts.clients import App, person, problem

pytestmark = pytest.mark.django_db


def test_an_account_rests_after_five_wrong_passwords() -> None:
    person("ada")
    for _ in range(5):
        assert App().log_in("ada", "wrong").status_code == 400
    assert App().log_in("ada").status_code == 400
    person("grace")
    assert App().log_in("grace").status_code == 200


def test_spraying_over_many_accounts_is_limited_by_address() -> None:
    for number in range(20):
        assert App().log_in(f"person{number}", "wrong").status_code == 400
    person("ada")
    assert App().log_in("ada").status_code == 400


def test_a_forged_forwarded_for_does_not_help() -> None:
    for number in range(20):
        App(**{"X-Forwarded-For": f"198.51.100.{number}"}).log_in(f"person{number}", "wrong")
    person("ada")
    assert App(**{"X-Forwarded-For": "203.0.113.9"}).log_in("ada").status_code == 400


def test_a_forged_host_does_not_help() -> None:
    person("ada")
    for number in range(5):
        App(Host=f"localhost:{8000 + number}").log_in("ada", "wrong")
    assert App(Host="localhost:9000").log_in("ada").status_code == 400


def test_trying_out_usernames_is_limited() -> None:
    app = App().sign_up("ada")
    answers = [app.call("GET", f"/api/v1/users/person{number}") for number in range(LOOKUPS_AT_ONCE + 2)]
    assert [answer.status_code for answer in answers[:3]] == [404] * 3
    assert problem(answers[-1])[:2] == (429, "rate_limited")
    assert int(answers[-1]["Retry-After"]) >= 1


def test_behind_a_trusted_proxy_each_client_counts_for_itself(settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    for number in range(20):
        App(**{"X-Forwarded-For": f"203.0.113.{number}, 198.51.100.1"}).log_in(f"person{number}", "wrong")
    person("ada")
    assert App(**{"X-Forwarded-For": "198.51.100.1"}).log_in("ada").status_code == 400
    assert App(**{"X-Forwarded-For": "198.51.100.2"}).log_in("ada").status_code == 200


@pytest.mark.parametrize(
    "trusted, forwarded_for, expected",
    [
        (0, "203.0.113.1", "192.0.2.7"),
        (1, "", "192.0.2.7"),
        (1, "203.0.113.1, 198.51.100.1", "198.51.100.1"),
        (2, "203.0.113.1, 198.51.100.1", "203.0.113.1"),
        (3, "203.0.113.1, 198.51.100.1", "192.0.2.7"),
        (1, "not an address", None),
        (1, "::ffff:198.51.100.1", "198.51.100.1"),
    ],
)
def test_only_what_trusted_proxies_appended_counts(settings: Any, trusted: int, forwarded_for: str, expected: str | None) -> None:
    settings.TRUSTED_PROXIES = trusted
    headers = {"X-Forwarded-For": forwarded_for} if forwarded_for else {}
    assert client_ip(RequestFactory(REMOTE_ADDR="192.0.2.7").get("/", headers=headers)) == expected
