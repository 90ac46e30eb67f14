"""Whatever goes wrong, people get a page of ours and API clients a problem."""

import pytest
from django.test import Client

from accounts import views
from accounts.services import founding
from tests.accounts.clients import App, browser, person, problem

pytestmark = pytest.mark.django_db


def test_an_address_that_leads_nowhere_is_told_as_fits() -> None:
    page = Client().get("/nowhere/")
    assert page.status_code == 404
    assert "Nothing here" in page.content.decode()
    assert problem(Client().get("/api/v1/nowhere")) == (404, "not_found", None)


def test_a_host_that_is_not_ours_is_refused() -> None:
    assert problem(Client().get("/api/v1/me", headers={"Host": "evil.example"})) == (400, "bad_request", None)
    assert Client().get("/accounts/login/", headers={"Host": "evil.example"}).status_code == 400


def test_a_form_without_its_token_is_refused_with_a_page() -> None:
    person("ada")
    page = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "ada", "password": "x"})
    assert page.status_code == 403
    assert "That form was stale" in page.content.decode()


def test_too_many_tries_get_a_page_and_apps_a_429() -> None:
    person("ada")
    client = Client()
    answers = {client.post("/accounts/login/", {"login": f"x{n}", "password": "x"}).status_code for n in range(61)}
    assert answers == {200, 429}
    assert App().log_in("ada").status_code == 429


def test_our_own_failure_gets_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> bool:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(views, "instance_is_empty", fail)
    page = Client(raise_request_exception=False).get("/accounts/login/")
    assert page.status_code == 500
    assert "That went wrong" in page.content.decode()
    assert "secret" not in page.content.decode()
    assert founding.instance_is_empty()


def test_every_page_carries_the_strict_policy() -> None:
    person("ada")
    for path in ("/accounts/login/", "/api/v1/docs", "/api/auth/openapi.html", "/nowhere/"):
        policy = Client().get(path)["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


@pytest.mark.parametrize("host, sent", [("localhost:8000", True), ("127.0.0.1", True), ("testserver", False)])
def test_the_opener_policy_goes_only_where_browsers_heed_it(host: str, sent: bool) -> None:
    assert Client().get("/welcome/", headers={"Host": host}).has_header("Cross-Origin-Opener-Policy") is sent
    assert Client().get("/welcome/", headers={"Host": host}, secure=True).has_header("Cross-Origin-Opener-Policy")


def test_who_may_not_administer_leaves_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    person("ada")
    page = browser("ada").get("/admin/", follow=True)
    assert page.status_code == 403
    assert "Not for you" in page.content.decode()
    assert [(record.name, record.exc_info) for record in caplog.records] == [("django.request", None)]
