"""Devices are named after what they are, lapse unused, and note their use without writing all the time."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Device, User
from accounts.services import devices
from accounts.user_agents import device_name
from tests.accounts.clients import App, browser, person, told


@pytest.mark.parametrize(
    "user_agent, name",
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile Safari/604.1",
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/142.0.0.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0", "Edge on Windows"),
        ("okhttp/4.12.0", "okhttp"),
        ("", ""),
        ("\u202egnp/1", ""),
    ],
)
def test_a_device_is_named_after_its_user_agent(user_agent: str, name: str) -> None:
    assert device_name(user_agent) == name


@pytest.mark.django_db
@pytest.mark.parametrize(
    "given, kept",
    [("Ada's phone", "Ada's phone"), ("阿达的手机", "阿达的手机"), ("a" * 61, "okhttp"), ("x\u202ey", "okhttp"), (" ", "okhttp")],
)
def test_a_client_may_name_its_device(given: str, kept: str) -> None:
    app = App(**{"X-Device-Name": given.encode().decode("latin-1"), "User-Agent": "okhttp/4.12"}).sign_up("ada")
    assert told(app.call("GET", "/api/v1/devices"))[0]["name"] == kept


@pytest.mark.django_db
def test_renaming_keeps_to_the_rules_of_names() -> None:
    app = App().sign_up("ada")
    mine = Device.objects.get().id
    assert told(app.call("PATCH", f"/api/v1/devices/{mine}", {"name": " The  phone "}))["name"] == "The phone"
    for bad in ("", "   ", "a" * 61, "a\u202eb"):
        assert app.call("PATCH", f"/api/v1/devices/{mine}", {"name": bad}).status_code == 422


@pytest.mark.django_db
def test_a_device_unused_for_longer_than_a_session_lapses() -> None:
    app = App().sign_up("ada")
    Device.objects.update(last_seen_at=devices.oldest_use() - timedelta(seconds=1))
    assert app.me().status_code == 401
    assert app.auth("GET", "/auth/session").status_code == 410
    assert devices.list_devices(User.objects.get()) == []


@pytest.mark.django_db
def test_use_is_noted_at_most_every_ten_minutes_and_keeps_the_session_alive() -> None:
    app = App().sign_up("ada")
    with CaptureQueriesContext(connection) as queries:
        app.me()
    assert not [query for query in queries if query["sql"].startswith("UPDATE")]
    long_ago = timezone.now() - timedelta(days=60)
    Device.objects.update(last_seen_at=long_ago)
    Session.objects.update(expire_date=timezone.now() + timedelta(days=1))
    app.me()
    assert Device.objects.get().last_seen_at > long_ago
    assert Session.objects.get().expire_date > timezone.now() + timedelta(days=80)


@pytest.mark.django_db(transaction=True)
def test_a_browser_in_use_gets_its_cookie_again() -> None:
    person("ada")
    client = browser("ada")
    Device.objects.update(last_seen_at=timezone.now() - timedelta(days=60))
    assert client.get("/api/v1/me").cookies["sessionid"]["max-age"] == 90 * 24 * 3600


@pytest.mark.django_db
def test_a_write_notes_no_use() -> None:
    app = App().sign_up("ada")
    long_ago = timezone.now() - timedelta(days=60)
    Device.objects.update(last_seen_at=long_ago)
    app.call("PATCH", "/api/v1/me", {"theme": "dark"})
    assert Device.objects.get().last_seen_at == long_ago


@pytest.mark.django_db
def test_allauths_list_of_sessions_shows_apps_and_ends_their_devices() -> None:
    person("ada")
    phone, tablet = App(), App()
    phone.log_in("ada")
    tablet.log_in("ada")
    sessions = told(phone.auth("GET", "/auth/sessions"))["data"]
    assert len(sessions) == 2
    other = next(session["id"] for session in sessions if not session["is_current"])
    assert len(told(phone.auth("DELETE", "/auth/sessions", {"sessions": [other]}))["data"]) == 1
    assert tablet.me().status_code == 401
    assert phone.me().status_code == 200
