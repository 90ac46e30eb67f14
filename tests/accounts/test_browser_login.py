"""A browser signs up, logs in, changes its password and logs out; a cookie alone changes nothing."""

import json
import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client

from accounts import views
from accounts.models import Device, User
from tests.accounts.clients import PASSWORD, App, browser, person, problem, told

pytestmark = [pytest.mark.django_db(transaction=True)]

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def test_signing_up_needs_a_username_and_a_password_once() -> None:
    person("first")
    client = Client(headers={"User-Agent": FIREFOX})
    response = client.post("/accounts/signup/", {"username": "Grace", "password1": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, "/")
    assert User.objects.get(username="grace").email == ""
    me = told(client.get("/api/v1/me"))
    assert me["user"]["username"] == "grace"
    assert [(entry["name"], entry["kind"], entry["current"]) for entry in told(client.get("/api/v1/devices"))] == [
        ("Firefox on Linux", "browser", True)
    ]


@pytest.mark.parametrize("login", ["ada", "ADA", "ada@example.org"])
def test_one_logs_in_by_username_however_cased_or_by_email(login: str) -> None:
    person("ada", email="ada@example.org")
    assert told(browser(login).get("/api/v1/me"))["user"]["username"] == "ada"


def test_a_write_by_cookie_needs_the_csrf_token() -> None:
    person("ada")
    client = browser("ada", csrf=True)
    body = json.dumps({"display_name": "Ada L."})
    refused = client.patch("/api/v1/me", body, content_type="application/json")
    assert problem(refused) == (403, "forbidden", None)
    allowed = client.patch(
        "/api/v1/me", body, content_type="application/json", headers={"X-CSRFToken": client.cookies["csrftoken"].value}
    )
    assert told(allowed)["user"]["display_name"] == "Ada L."


def test_a_dead_token_is_refused_even_beside_a_good_cookie() -> None:
    person("ada")
    assert browser("ada").get("/api/v1/me", headers={"X-Session-Token": "stale"}).status_code == 401


def test_an_app_needs_no_csrf_token() -> None:
    app = App().sign_up("ada")
    client = Client(enforce_csrf_checks=True)
    body = json.dumps({"display_name": "Ada L."})
    headers = {"X-Session-Token": app.token or ""}
    assert client.patch("/api/v1/me", body, content_type="application/json", headers=headers).status_code == 200


def test_logging_out_takes_a_post_and_revokes_the_device(closed: list[int]) -> None:
    person("ada")
    client = browser("ada")
    stolen = client.cookies["sessionid"].value
    client.get("/accounts/logout/")
    assert client.get("/api/v1/me").status_code == 200
    client.post("/accounts/logout/")
    thief = Client()
    thief.cookies["sessionid"] = stolen
    assert client.get("/api/v1/me").status_code == thief.get("/api/v1/me").status_code == 401
    assert Device.objects.get().revoked_at is not None
    assert closed == [Device.objects.get().id]


def test_a_changed_password_logs_out_everywhere_but_here(closed: list[int]) -> None:
    person("ada")
    app, other, here = App(), browser("ada"), browser("ada")
    app.log_in("ada")
    form = {"oldpassword": PASSWORD, "password1": "another horse battery", "password2": "another horse battery"}
    assert here.post("/accounts/password/change/", form).status_code == 302
    assert here.get("/api/v1/me").status_code == 200
    assert other.get("/api/v1/me").status_code == app.me().status_code == 401
    assert len(closed) == 2
    alive = Device.objects.get(revoked_at=None)
    assert alive.session_key == here.cookies["sessionid"].value


def test_an_app_changes_its_password_and_keeps_its_token() -> None:
    app, other = App().sign_up("ada"), browser("ada")
    token = app.token
    body = {"current_password": PASSWORD, "new_password": "another horse battery"}
    assert app.auth("POST", "/account/password/change", body).status_code == 200
    assert app.token == token
    assert app.me().status_code == app.auth("GET", "/auth/session").status_code == 200
    assert other.get("/api/v1/me").status_code == 401


def test_a_password_changed_behind_our_back_kills_the_tokens() -> None:
    app = App().sign_up("ada")
    user = User.objects.get()
    user.set_password("set by manage.py changepassword")
    user.save()
    assert app.me().status_code == 401


def test_a_session_planted_before_the_login_is_worth_nothing_after_it() -> None:
    person("ada")
    victim, attacker = Client(), Client()
    attacker.post("/accounts/login/", {"login": "ada", "password": "wrong"})
    planted = Session.objects.create(session_key="a" * 32, session_data="", expire_date="2100-01-01T00:00Z").session_key
    victim.cookies["sessionid"] = attacker.cookies["sessionid"] = planted
    victim.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    assert victim.get("/api/v1/me").status_code == 200
    assert victim.cookies["sessionid"].value != planted
    assert attacker.get("/api/v1/me").status_code == 401


def test_the_devices_page_renames_revokes_and_revokes_the_others() -> None:
    person("ada")
    here, there, third = browser("ada"), browser("ada"), App()
    third.log_in("ada")
    other = told(there.get("/api/v1/me"))["device"]
    here.post(f"/accounts/devices/{other}/rename/", {"name": "The kitchen"})
    assert "The kitchen" in here.get("/accounts/devices/").content.decode()
    here.post(f"/accounts/devices/{other}/revoke/")
    assert there.get("/api/v1/me").status_code == 401
    assert third.me().status_code == 200
    here.post("/accounts/devices/revoke-others/")
    assert third.me().status_code == 401
    assert here.get("/api/v1/me").status_code == 200


def test_the_devices_page_shows_this_one_first_then_those_connected_now(monkeypatch: pytest.MonkeyPatch) -> None:
    person("ada")
    here = browser("ada", headers={"User-Agent": "here/1"})
    assert "Log out all other devices" not in here.get("/accounts/devices/").content.decode()
    for name in ("gone", "connected", "later"):
        App(**{"User-Agent": f"{name}/1"}).log_in("ada")
    connected = set(Device.objects.filter(name__in=["here", "connected"]).values_list("id", flat=True))
    monkeypatch.setattr(views, "connected_devices", lambda _ids: connected)
    page = here.get("/accounts/devices/").content.decode()
    assert re.findall(r"<strong>(\w+)</strong>", page) == ["here", "connected", "later", "gone"]
    assert page.count("connected now") == 2
    assert re.findall(r'<time datetime="[-0-9T:.]+\+00:00">[^<]+ UTC</time>', page) == re.findall("<time.*?</time>", page)
    assert page.count("<time") == 2
    assert "Log out all other devices" in page


def test_the_first_field_waits_for_the_name() -> None:
    person("ada")
    for path in ("/accounts/login/", "/accounts/signup/"):
        fields = re.findall(r'<input(?! type="hidden")[^>]*>', Client().get(path).content.decode())
        assert ["autofocus" in field for field in fields[:2]] == [True, False]


def test_the_settings_page_says_whether_the_address_is_confirmed() -> None:
    ada = person("ada")
    client = browser("ada")
    assert "onfirmed" not in client.get("/accounts/settings/").content.decode()
    User.objects.update(email="ada@example.org")
    address = EmailAddress.objects.create(user=ada, email="ada@example.org", primary=True)
    assert "Not confirmed" in client.get("/accounts/settings/").content.decode()
    address.set_verified()
    page = client.get("/accounts/settings/").content.decode()
    assert "Confirmed" in page
    assert "Not confirmed" not in page


def test_revoking_the_device_in_use_is_logging_out() -> None:
    person("ada")
    client = browser("ada")
    mine = told(client.get("/api/v1/me"))["device"]
    assert client.delete(f"/api/v1/devices/{mine}").status_code == 204
    assert client.cookies["sessionid"].value == ""
    assert client.get("/accounts/devices/")["Location"].startswith("/accounts/login/")


def test_nobody_touches_the_devices_of_another() -> None:
    person("ada")
    app = App().sign_up("mallory")
    theirs = told(browser("ada").get("/api/v1/me"))["device"]
    assert problem(app.call("DELETE", f"/api/v1/devices/{theirs}")) == (404, "not_found", None)
    assert problem(app.call("PATCH", f"/api/v1/devices/{theirs}", {"name": "mine"})) == (404, "not_found", None)
    mallory = browser("mallory")
    mallory.post(f"/accounts/devices/{theirs}/revoke/")
    assert Device.objects.get(id=theirs).revoked_at is None


def test_the_settings_page_saves_the_profile_and_refuses_tricks() -> None:
    person("ada")
    client = browser("ada")
    saved = client.post("/accounts/settings/", {"display_name": " Ada  Lovelace ", "locale": "zh-hans", "theme": "dark"})
    assert saved.status_code == 302
    user = User.objects.get()
    assert (user.display_name, user.locale, user.theme) == ("Ada Lovelace", "zh-hans", "dark")
    tricked = client.post("/accounts/settings/", {"display_name": "Ada\u202egnp.exe", "locale": "en", "theme": "dark"})
    assert tricked.status_code == 200
    assert User.objects.get().display_name == "Ada Lovelace"


def test_a_forgotten_password_is_reset_by_mail_and_logs_out_everywhere(closed: list[int]) -> None:
    person("ada", email="ada@example.org")
    app, here = App(), browser("ada")
    app.log_in("ada")
    visitor = Client()
    asked = visitor.post("/accounts/password/reset/", {"email": "Ada@Example.org"})
    assert asked["Location"] == "/accounts/password/reset/done/"
    link = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", str(mail.outbox[-1].body))
    assert link is not None
    form = visitor.get(link[1])["Location"]
    done = visitor.post(form, {"password1": "another horse battery", "password2": "another horse battery"})
    assert done["Location"] == "/accounts/password/reset/key/done/"
    assert app.me().status_code == here.get("/api/v1/me").status_code == 401
    assert len(closed) == 2
    assert App().log_in("ada").status_code == 400
    assert App().log_in("ada", "another horse battery").status_code == 200
    assert "spent" in Client().get(link[1], follow=True).content.decode()


def test_an_email_address_is_confirmed_by_a_link_of_ours() -> None:
    App().sign_up("ada", email="ada@example.org")
    link = re.search(r"http://testserver(/accounts/confirm-email/\S+)", str(mail.outbox[-1].body))
    assert link is not None
    assert mail.outbox[-1].subject.startswith("Chatsite: ")
    visitor = Client()
    assert "ada@example.org" in visitor.get(link[1]).content.decode()
    visitor.post(link[1])
    assert EmailAddress.objects.get().verified
