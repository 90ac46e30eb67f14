"""Django admin opens to staff only, finds people by index, and changes them through the services."""

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Device, User
from accounts.services import users
from tests.accounts.clients import PASSWORD, App, browser, person
from tests.plans import whole_table_reads

pytestmark = pytest.mark.django_db

PAGES = ["/admin/", "/admin/accounts/user/", "/admin/accounts/device/"]


@pytest.fixture
def root() -> Client:
    """An administrator's browser."""
    person("root", is_staff=True, is_superuser=True)
    return browser("root")


def act(client: Client, action: str, *people: User) -> None:
    """Runs an action on the people's list."""
    response = client.post("/admin/accounts/user/", {"action": action, "_selected_action": [str(user.pk) for user in people]})
    assert response.status_code == 302


@pytest.mark.parametrize("page", PAGES)
def test_strangers_are_sent_to_the_login_page_with_its_second_factor(page: str) -> None:
    person("grace")
    response = Client().get(page, follow=True)
    assert response.redirect_chain[-1][0].startswith("/accounts/login/?next=")


@pytest.mark.parametrize("page", PAGES)
def test_who_is_not_staff_is_refused(page: str) -> None:
    person("ada")
    assert browser("ada").get(page, follow=True).status_code == 403


@pytest.mark.parametrize("page", PAGES[1:])
def test_lists_and_searches_never_count_a_table(root: Client, page: str) -> None:
    for number in range(60):
        person(f"person{number}")
    for query in ("", "?q=person", "?q=person1@example.org", f"?q={User.objects.earliest('id').id}", "?p=2"):
        with CaptureQueriesContext(connection) as queries:
            assert root.get(page + query).status_code == 200
        asked = [query["sql"] for query in queries if "accounts_" in query["sql"]]
        assert not [sql for sql in asked if "COUNT(" in sql.upper()]


def test_the_search_uses_an_index() -> None:
    for found in (users.find_users("per"), users.find_users("a@example.org"), users.find_users("7234567890123456789")):
        with CaptureQueriesContext(connection) as asked:
            list(found)
        assert whole_table_reads(asked.captured_queries[0]["sql"]) == []


def test_people_are_found_by_the_beginning_of_a_name_an_address_or_an_id(root: Client) -> None:
    ada = person("ada.lovelace", email="ada@example.org")
    for term in ("ADA", "ada.l", "ada@example.org", str(ada.id)):
        assert "ada.lovelace" in root.get("/admin/accounts/user/", {"q": term}).content.decode()
    assert "ada.lovelace" not in root.get("/admin/accounts/user/", {"q": "lovelace"}).content.decode()


def test_suspending_logs_out_and_reinstating_lets_in_again(root: Client) -> None:
    app = App().sign_up("ada")
    ada = User.objects.get(username="ada")
    act(root, "suspend", ada)
    assert app.me().status_code == 401
    assert App().log_in("ada").status_code != 200
    act(root, "reinstate", ada)
    assert App().log_in("ada").status_code == 200


def test_the_tick_of_the_form_suspends_as_well(root: Client) -> None:
    app = App().sign_up("ada")
    ada = User.objects.get(username="ada")
    response = root.post(f"/admin/accounts/user/{ada.pk}/change/", {"username": "ada", "theme": "system"})
    assert response.status_code == 302, response.content
    assert app.me().status_code == 401
    assert Device.objects.get(user=ada).revoked_at is not None


def test_logging_out_everywhere_leaves_the_account(root: Client) -> None:
    app = App().sign_up("ada")
    act(root, "log_out", User.objects.get(username="ada"))
    assert app.me().status_code == 401
    assert App().log_in("ada").status_code == 200


def test_a_password_set_by_an_administrator_logs_out(root: Client) -> None:
    app = App().sign_up("ada")
    ada = User.objects.get(username="ada")
    form = {"usable_password": "true", "password1": "another horse battery", "password2": "another horse battery"}
    assert root.post(f"/admin/accounts/user/{ada.pk}/password/", form).status_code == 302
    assert app.me().status_code == 401
    assert Device.objects.get(user=ada).revoked_at is not None
    assert root.get("/admin/").status_code == 200


def test_administrators_do_not_lock_themselves_out(root: Client) -> None:
    act(root, "suspend", User.objects.get(username="root"))
    assert root.get("/admin/").status_code == 200


def test_staff_cannot_make_themselves_superusers_nor_touch_one() -> None:
    helper = person("helper", is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user"]))
    chief = person("chief", is_staff=True, is_superuser=True)
    client = browser("helper")
    form = {"username": "helper", "theme": "system", "is_staff": "on", "is_superuser": "on"}
    client.post(f"/admin/accounts/user/{helper.pk}/change/", form)
    act(client, "suspend", chief)
    assert (
        client.post(f"/admin/accounts/user/{chief.pk}/password/", {"password1": PASSWORD, "password2": PASSWORD}).status_code
        == 403
    )
    helper.refresh_from_db()
    chief.refresh_from_db()
    assert (helper.is_superuser, chief.is_active) == (False, True)


def test_devices_show_no_secret_and_can_be_revoked(root: Client) -> None:
    app = App().sign_up("ada")
    device = Device.objects.get(user__username="ada")
    pages = [root.get("/admin/accounts/device/", {"q": "ada"}), root.get(f"/admin/accounts/device/{device.pk}/change/")]
    for page in pages:
        assert page.status_code == 200
        assert device.session_key not in page.content.decode()
        assert bytes(device.token_digest or b"").hex() not in page.content.decode()
    assert str(device.pk) in pages[0].content.decode()
    root.post("/admin/accounts/device/", {"action": "revoke", "_selected_action": [str(device.pk)]})
    assert app.me().status_code == 401


def test_people_and_devices_are_not_deleted(root: Client) -> None:
    ada = person("ada")
    assert root.post(f"/admin/accounts/user/{ada.pk}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=ada.pk).exists()


def test_an_instance_can_ask_its_administrators_for_a_second_factor(root: Client, settings: Any) -> None:
    settings.ADMIN_NEEDS_SECOND_FACTOR = True
    assert root.get("/admin/accounts/user/", follow=True).redirect_chain[-1][0] == "/accounts/2fa/"


def test_the_command_makes_an_administrator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(f"{PASSWORD}\n"))
    out = StringIO()
    call_command("admin", "--username", "Chief", "--password-stdin", stdout=out)
    assert "chief" in out.getvalue()
    assert "/admin/" in out.getvalue()
    assert browser("chief").get("/admin/").status_code == 200


def test_the_command_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("12345678\n"))
    with pytest.raises(CommandError, match="password"):
        call_command("admin", "--username", "chief", "--password-stdin")
    assert not User.objects.exists()


class Terminal(StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


def test_the_command_asks_for_another_username_before_any_password(monkeypatch: pytest.MonkeyPatch) -> None:
    person("ada")
    asked: list[str] = []
    monkeypatch.setattr("sys.stdin", Terminal("Ada\n-x-\n\nchief\n"))

    def typed(prompt: str) -> str:
        asked.append(prompt)
        return PASSWORD

    monkeypatch.setattr("getpass.getpass", typed)
    said = StringIO()
    call_command("admin", stdout=StringIO(), stderr=said)
    lines = said.getvalue().splitlines()
    assert [line.partition(":")[0] for line in lines] == ["username"] * 3
    assert "taken" in lines[0]
    assert asked == ["Password: ", "Password, again: "]
    assert User.objects.get(username="chief").is_superuser


def test_the_command_refuses_a_taken_username_without_asking_for_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    person("ada")
    monkeypatch.setattr("sys.stdin", Terminal())
    with pytest.raises(CommandError, match="taken"):
        call_command("admin", "--username", "Ada")


@pytest.mark.parametrize("given", [(), ("--username", "chief"), ("--password-stdin",)])
def test_the_command_says_what_to_give_when_nobody_is_there_to_ask(
    given: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO())
    with pytest.raises(CommandError, match="--username and --password-stdin"):
        call_command("admin", *given)


def test_the_command_ends_in_words_when_its_reader_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal())
    with pytest.raises(CommandError, match="Nothing was made"):
        call_command("admin")
