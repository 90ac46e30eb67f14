"""Bad input is refused with the documented problem, and tells a stranger nothing."""

from typing import Any

import pytest
from django.core import mail

from accounts.models import User
from accounts.services import users
from tests.accounts.clients import PASSWORD, App, person, problem, told

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "body, status, code, field",
    [
        ("{", 400, "bad_request", None),
        ("[" * 200_000, 400, "bad_request", None),
        ('{"display_name": ' + "9" * 5000 + "}", 400, "bad_request", None),
        ('{"display_name": NaN}', 400, "bad_request", None),
        ('{"display_name": "\\ud800"}', 400, "bad_request", None),
        ("[]", 400, "bad_request", None),
        ('"text"', 400, "bad_request", None),
        ("", 400, "bad_request", None),
        ('{"display_name": 7}', 400, "bad_request", "display_name"),
        ('{"display_name": {"__proto__": 1}}', 400, "bad_request", "display_name"),
        ('{"theme": true}', 400, "bad_request", "theme"),
        ('{"theme": "neon"}', 422, "invalid", "theme"),
        ('{"locale": "tlh"}', 422, "invalid", "locale"),
        ('{"display_name": "' + "a" * 61 + '"}', 422, "invalid", "display_name"),
        ('{"display_name": "' + "a" * 5000 + '"}', 422, "invalid", "display_name"),
        ('{"display_name": "a\\u0000b"}', 422, "invalid", "display_name"),
        ('{"display_name": "Ada\\u202egnp"}', 422, "invalid", "display_name"),
        ('{"display_name": "\\ufeffAda"}', 422, "invalid", "display_name"),
        ('{"display_name": "Z' + "\\u0334\\u0335\\u0336\\u0337\\u0338" + '"}', 422, "invalid", "display_name"),
    ],
)
def test_a_bad_profile_is_refused(body: str, status: int, code: str, field: str | None) -> None:
    app = App().sign_up("ada")
    assert problem(app.call("PATCH", "/api/v1/me", body)) == (status, code, field)


def test_a_body_over_the_limit_is_too_large() -> None:
    app = App().sign_up("ada")
    assert problem(app.call("PATCH", "/api/v1/me", '{"display_name": "' + "a" * 1_400_000 + '"}')) == (413, "too_large", None)


@pytest.mark.parametrize("device", ["9223372036854775808", "9" * 400, "-1", "0x10", "true"])
def test_an_id_out_of_range_is_a_bad_request(device: str) -> None:
    app = App().sign_up("ada")
    assert problem(app.call("DELETE", f"/api/v1/devices/{device}"))[:2] == (400, "bad_request")


def test_an_id_that_is_nobodys_is_not_found() -> None:
    app = App().sign_up("ada")
    assert problem(app.call("DELETE", "/api/v1/devices/9223372036854775807")) == (404, "not_found", None)


@pytest.mark.parametrize("token", [None, "nonsense"])
def test_who_is_nobody_is_told_to_log_in(token: str | None) -> None:
    app = App()
    app.token = token
    assert problem(app.me()) == (401, "unauthenticated", None)


def test_only_the_profile_can_be_assigned() -> None:
    app = App().sign_up("ada")
    before = User.objects.values().get()
    more = {"is_staff": True, "is_superuser": True, "id": "1", "username": "root", "email": "x@example.org", "password": "x"}
    answer = told(app.call("PATCH", "/api/v1/me", {**more, "theme": "dark"}))
    assert answer["theme"] == "dark"
    assert User.objects.values().get() == {**before, "theme": "dark"}


def test_signing_up_assigns_nothing_else() -> None:
    person("founder")
    App().sign_up("ada", is_staff=True, is_superuser=True, is_active=True, display_name="Root")
    user = User.objects.get(username="ada")
    assert (user.is_staff, user.is_superuser, user.display_name) == (False, False, "")


@pytest.mark.parametrize(
    "username",
    [
        "\u0430da",
        "\uff41da",
        "\u212aate",
        "a\u200bda",
        "ada lovelace",
        "-ada",
        "ada.",
        "a" * 31,
        "a",
        "",
        "<b>",
        "ada@example.org",
        "admin",
    ],
)
def test_odd_usernames_are_refused(username: str) -> None:
    assert App().auth("POST", "/auth/signup", {"username": username, "password": PASSWORD}).status_code == 400
    assert not User.objects.exists()


def test_two_usernames_cannot_differ_by_case() -> None:
    App().sign_up("ada")
    response = App().auth("POST", "/auth/signup", {"username": "ADA", "password": PASSWORD})
    assert response.status_code == 400
    assert told(response)["errors"][0]["param"] == "username"


def test_a_weak_password_is_refused() -> None:
    for password in ("short", "12345678", "password"):
        response = App().auth("POST", "/auth/signup", {"username": "adalovelace", "password": password})
        assert response.status_code == 400, password


def test_signing_up_does_not_tell_whose_address_it_is() -> None:
    person("grace", email="grace@example.org")
    app = App().auth("POST", "/auth/signup", {"username": "ada", "password": PASSWORD, "email": "grace@example.org"})
    other = App().auth("POST", "/auth/signup", {"username": "alan", "password": PASSWORD, "email": "nobody@example.org"})
    assert app.status_code == other.status_code == 200
    assert told(app).keys() == told(other).keys()


def test_asking_for_a_reset_does_not_tell_whether_there_is_an_account() -> None:
    person("grace", email="grace@example.org")
    known = App().auth("POST", "/auth/password/request", {"email": "grace@example.org"})
    unknown = App().auth("POST", "/auth/password/request", {"email": "nobody@example.org"})
    assert (known.status_code, told(known)) == (unknown.status_code, told(unknown))
    assert len(mail.outbox) == 2


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_failed_login_does_not_tell_what_was_wrong(password: str) -> None:
    person("ada")
    known, unknown = App().log_in("ada", password), App().log_in("nobody", password)
    assert known.status_code == unknown.status_code == 400
    assert told(known) == told(unknown)


def test_a_suspended_person_is_out_and_stays_out(closed: list[int], django_capture_on_commit_callbacks: Any) -> None:
    app = App().sign_up("ada")
    with django_capture_on_commit_callbacks(execute=True):
        users.suspend(User.objects.get())
    assert app.me().status_code == 401
    assert app.auth("GET", "/auth/session").status_code == 410
    assert len(closed) == 1
    again = App()
    assert again.log_in("ada").status_code != 200
    assert again.me().status_code == 401
    assert problem(App().sign_up("grace").call("GET", "/api/v1/users/ada")) == (404, "not_found", None)
    users.reinstate(User.objects.get(username="ada"))
    assert App().log_in("ada").status_code == 200
    assert app.me().status_code == 401


def test_people_are_found_by_exact_username_only() -> None:
    person("grace.hopper", display_name="Grace")
    app = App().sign_up("ada")
    assert told(app.call("GET", "/api/v1/users/Grace.Hopper"))["display_name"] == "Grace"
    for name in ("grace", "grace.hoppe", "gr%25", "a" * 500, "\u0433race"):
        assert problem(app.call("GET", f"/api/v1/users/{name}")) == (404, "not_found", None)


def test_our_own_failure_tells_nothing(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("secret detail")

    app = App().sign_up("ada")
    monkeypatch.setattr(users, "find_user", fail)
    response = app.call("GET", "/api/v1/users/ada")
    assert problem(response) == (500, "internal", None)
    assert "secret" not in response.content.decode()
    assert "secret detail" in caplog.text
