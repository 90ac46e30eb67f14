"""A second factor holds for apps and browsers; until it is given, an app holds nothing of worth."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.sessions.models import Session
from django.test import Client
from fido2.cose import ES256
from fido2.webauthn import AttestedCredentialData

from accounts import tokens
from accounts.models import Device, User
from tests.accounts.clients import PASSWORD, App, browser, person, told

pytestmark = pytest.mark.django_db


def code_of(secret: str) -> str:
    """What an authenticator app shows now."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


@pytest.fixture
def secret() -> str:
    """Ada's authenticator secret, set up by her app; she is logged out again."""
    app = App().sign_up("ada")
    app.auth("POST", "/auth/reauthenticate", {"password": PASSWORD})
    secret: str = told(app.auth("GET", "/account/authenticators/totp"))["meta"]["secret"]
    assert app.auth("POST", "/account/authenticators/totp", {"code": code_of(secret)}).status_code == 200
    app.auth("DELETE", "/auth/session")
    return secret


def test_the_secret_is_sealed_at_rest(secret: str) -> None:
    stored = Authenticator.objects.get(type="totp").data["secret"]
    assert secret not in stored
    assert stored.startswith("gAAAA")


def test_an_app_gets_its_token_only_with_the_second_factor(secret: str) -> None:
    app = App()
    pending = app.log_in("ada")
    assert pending.status_code == 401
    assert [flow["id"] for flow in told(pending)["data"]["flows"] if flow.get("is_pending")] == ["mfa_authenticate"]
    first = app.token
    assert first is not None
    assert first.startswith("pending.")
    assert app.me().status_code == 401
    assert not Device.objects.filter(revoked_at=None).exists()

    assert app.auth("POST", "/auth/2fa/authenticate", {"code": code_of(secret)}).status_code == 200
    assert app.token != first
    assert app.me().status_code == 200
    app.token = first
    assert app.auth("GET", "/auth/session").status_code == 410


def test_no_session_key_can_be_read_from_a_pending_token(secret: str) -> None:
    app = App()
    app.log_in("ada")
    key = Session.objects.get().session_key
    assert key.startswith("app-")
    assert key not in (app.token or "")
    browser = Client()
    browser.cookies["sessionid"] = key
    assert browser.get("/accounts/2fa/authenticate/").status_code == 302  # a pending login of an app is none of a browser's


def test_a_pending_token_dies_after_a_quarter_of_an_hour(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app = App()
    app.log_in("ada")
    monkeypatch.setattr(tokens, "PENDING_SECONDS", -1)
    assert app.auth("POST", "/auth/2fa/authenticate", {"code": code_of(secret)}).status_code == 410


@pytest.mark.parametrize("forged", ["pending.", "pending.x", "pending.gAAAAABm", "x" * 5000, "ä"])
def test_forged_tokens_are_refused(forged: str) -> None:
    app = App()
    app.token = forged
    assert app.auth("GET", "/auth/session").status_code == 410
    assert app.me().status_code == 401


def test_a_browser_is_asked_for_the_second_factor_too(secret: str) -> None:
    client = Client()
    response = client.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    assert response["Location"] == "/accounts/2fa/authenticate/"
    assert client.get("/api/v1/me").status_code == 401
    client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert client.get("/api/v1/me").status_code == 200


def test_a_security_key_is_offered_only_to_who_has_one(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    page = client.post("/accounts/login/", {"login": "ada", "password": PASSWORD}, follow=True)
    assert "Second factor" in page.content.decode()
    assert "Use a security key" not in page.content.decode()
    key = AttestedCredentialData.create(bytes(16), b"key", ES256({1: 2, 3: -7, -1: 1, -2: bytes(32), -3: bytes(32)}))
    monkeypatch.setattr("allauth.mfa.webauthn.internal.auth.get_credentials", lambda _user: [key])
    assert "Use a security key" in client.get("/accounts/2fa/authenticate/").content.decode()


def test_a_recovery_code_opens_once(secret: str) -> None:
    codes = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    for status in (200, 400):
        app = App()
        app.log_in("ada")
        assert app.auth("POST", "/auth/2fa/authenticate", {"code": codes[0]}).status_code == status


def test_an_administrator_can_take_a_lost_second_factor_away(secret: str) -> None:
    person("root", is_staff=True, is_superuser=True)
    ada = User.objects.get(username="ada")
    browser("root").post("/admin/accounts/user/", {"action": "remove_second_factor", "_selected_action": [str(ada.pk)]})
    assert App().log_in("ada").status_code == 200
