"""Pages speak the language their reader chose, else the one the browser asks for."""

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient, Client

from accounts.models import User
from tests.accounts.clients import App, browser, person, told

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_stranger_is_greeted_in_the_browsers_language() -> None:
    person("ada")
    assert "登录" in Client().get("/accounts/login/", headers={"Accept-Language": "zh-CN,zh;q=0.9"}).content.decode()
    assert "Log in" in Client().get("/accounts/login/", headers={"Accept-Language": "de"}).content.decode()


def test_the_chosen_language_wins_over_the_browsers() -> None:
    person("ada", locale="zh-hans")
    client = browser("ada", headers={"Accept-Language": "en"})
    page = client.get("/accounts/devices/")
    assert '<html lang="zh-hans"' in page.content.decode()
    assert page["Content-Language"] == "zh-hans"


def test_changing_the_language_shows_at_once_and_after_the_logout() -> None:
    person("ada")
    client = browser("ada")
    page = client.post("/accounts/settings/", {"display_name": "", "locale": "zh-hans", "theme": "system"}, follow=True)
    assert "已保存" in page.content.decode()
    client.post("/accounts/logout/")
    assert "登录" in client.get("/accounts/login/").content.decode()


def test_the_buttons_of_the_login_page_change_the_language() -> None:
    person("ada")
    client = Client()
    client.post("/i18n/setlang/", {"language": "zh-hans", "next": "/accounts/login/"})
    assert "登录" in client.get("/accounts/login/").content.decode()


def test_apps_are_answered_in_the_language_they_ask_for() -> None:
    app = App(**{"Accept-Language": "zh-Hans"}).sign_up("ada")
    assert told(app.call("PATCH", "/api/v1/me", {"theme": "neon"}))["detail"] == "没有这种配色"
    assert User.objects.get().locale == ""


async def test_the_chosen_language_holds_under_the_asynchronous_server() -> None:
    await sync_to_async(person)("ada", locale="zh-hans")
    cookies = (await sync_to_async(browser)("ada")).cookies
    client = AsyncClient()
    client.cookies["sessionid"] = cookies["sessionid"].value
    page = await client.get("/accounts/devices/", headers={"Accept-Language": "en"})
    assert page["Content-Language"] == "zh-hans"
    assert "设备" in page.content.decode()
    assert page.cookies["django_language"].value == "zh-hans"
