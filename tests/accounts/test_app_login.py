"""A mobile app signs up, logs in, looks around, revokes and logs out, as docs/protocol.md says."""

import hashlib

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import Device, User
from tests.accounts.clients import PASSWORD, App, person, told

pytestmark = pytest.mark.django_db


def test_an_app_signs_up_and_is_somebody() -> None:
    app = App(**{"User-Agent": "Chatsite/1.0 (Android 15)"}).sign_up("Ada")
    me = told(app.me())
    assert me["user"]["username"] == me["user"]["display_name"] == "ada"
    assert me["user"]["id"] == str(User.objects.get().id)
    assert me["device"] == str(Device.objects.get().id)


def test_the_same_token_is_good_as_a_bearer() -> None:
    app = App().sign_up("ada")
    token, app.token = app.token, None
    assert app.call("GET", "/api/v1/me", Authorization=f"Bearer {token}").status_code == 200


def test_a_login_is_a_device_of_its_own() -> None:
    person("ada")
    phone, tablet = App(**{"X-Device-Name": "Ada's phone"}), App()
    assert phone.log_in("ada").status_code == tablet.log_in("ADA").status_code == 200
    listed = told(phone.call("GET", "/api/v1/devices"))
    assert len(listed) == 2
    assert [entry["name"] for entry in listed if entry["current"]] == ["Ada's phone"]
    assert {entry["kind"] for entry in listed} == {"app"}


def test_only_the_hash_of_the_token_is_kept_and_no_session_key_leaves() -> None:
    app = App().sign_up("ada")
    device, session = Device.objects.get(), Session.objects.get()
    assert app.token is not None
    assert bytes(device.token_digest or b"") == hashlib.sha256(app.token.encode()).digest()
    assert app.token not in session.session_data
    assert session.session_key not in app.token
    assert len(app.token) >= 43


def test_the_token_stays_the_same_while_the_device_lives() -> None:
    app = App().sign_up("ada")
    first = app.token
    answer = app.auth("GET", "/auth/session")
    assert told(answer)["meta"] == {"is_authenticated": True}
    app.auth("POST", "/auth/reauthenticate", {"password": PASSWORD})
    assert app.token == first
    assert app.me().status_code == 200


def test_a_revoked_device_is_out_at_once() -> None:
    person("ada")
    phone, tablet = App(), App()
    phone.log_in("ada")
    tablet.log_in("ada")
    other = told(tablet.me())["device"]
    assert phone.call("DELETE", f"/api/v1/devices/{other}").status_code == 204
    assert tablet.me().status_code == 401
    assert tablet.auth("GET", "/auth/session").status_code == 410
    assert phone.me().status_code == 200


def test_logging_out_ends_the_token_the_device_and_the_session() -> None:
    app = App().sign_up("ada")
    assert app.auth("DELETE", "/auth/session").status_code == 401
    assert app.me().status_code == 401
    assert Device.objects.get().revoked_at is not None
    assert not Session.objects.exists()


def test_an_apps_session_opens_nothing_as_a_cookie() -> None:
    app = App().sign_up("ada")
    browser = Client()
    for stolen in (Session.objects.get().session_key, app.token or ""):
        browser.cookies["sessionid"] = stolen
        assert browser.get("/api/v1/me").status_code == 401


def test_a_browsers_session_key_is_no_token() -> None:
    person("ada")
    browser = Client()
    browser.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    app = App()
    app.token = browser.cookies["sessionid"].value
    assert app.me().status_code == 401
    assert app.auth("GET", "/auth/session").status_code == 410
