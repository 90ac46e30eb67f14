"""Django's middlewares on the event loop: the same answers, without their hops."""

from typing import Any

import pytest
from asgiref.sync import SyncToAsync
from django.conf import settings
from django.test import AsyncClient, Client, override_settings
from django.utils.module_loading import import_string

from chatsite.middleware import OnTheLoop

PATHS = ["/api/v1/me", "/accounts/login/", "/nowhere"]
# What Django has for each of ours.
STOCK = {
    f"chatsite.middleware.{name}": path
    for name, path in {
        "Security": "django.middleware.security.SecurityMiddleware",
        "ContentSecurityPolicy": "csp.middleware.CSPMiddleware",
        "Sessions": "accounts.sessions.BrowserSessions",
        "Locale": "django.middleware.locale.LocaleMiddleware",
        "Common": "django.middleware.common.CommonMiddleware",
        "Csrf": "django.middleware.csrf.CsrfViewMiddleware",
        "Authentication": "django.contrib.auth.middleware.AuthenticationMiddleware",
        "Messages": "django.contrib.messages.middleware.MessageMiddleware",
        "Framing": "django.middleware.clickjacking.XFrameOptionsMiddleware",
    }.items()
}


@pytest.fixture
def hops(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of what was run in a thread."""
    names: list[str] = []
    call = SyncToAsync.__call__

    async def watched(self: Any, *arguments: Any, **more: Any) -> Any:
        names.append(getattr(self.func, "__qualname__", repr(self.func)))
        return await call(self, *arguments, **more)

    monkeypatch.setattr(SyncToAsync, "__call__", watched)
    return names


def test_each_stands_for_one_of_djangos() -> None:
    ours = [path for path in settings.MIDDLEWARE if path.startswith("chatsite.middleware.")]
    assert set(ours) == set(STOCK)
    for path in ours:
        assert issubclass(import_string(path), OnTheLoop)
        assert issubclass(import_string(path), import_string(STOCK[path]))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", PATHS)
async def test_no_hook_runs_in_a_thread(hops: list[str], path: str) -> None:
    await AsyncClient().get(path)
    assert not [name for name in hops if "process_" in name or "Middleware" in name]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", PATHS)
async def test_the_answers_are_those_of_djangos(path: str) -> None:
    ours = await AsyncClient().get(path, headers={"accept-language": "zh-hans"})
    with override_settings(MIDDLEWARE=[STOCK.get(one, one) for one in settings.MIDDLEWARE]):
        theirs = await AsyncClient().get(path, headers={"accept-language": "zh-hans"})
    assert (ours.status_code, _without_secrets(ours.headers)) == (theirs.status_code, _without_secrets(theirs.headers))
    assert set(ours.cookies) == set(theirs.cookies)


@pytest.mark.django_db
def test_a_form_without_its_token_is_refused() -> None:
    assert Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "a", "password": "b"}).status_code == 403


@pytest.mark.django_db(transaction=True)
async def test_so_it_is_on_the_loop() -> None:
    assert (
        await AsyncClient(enforce_csrf_checks=True).post("/accounts/login/", {"login": "a", "password": "b"})
    ).status_code == 403


def _without_secrets(headers: Any) -> dict[str, str]:
    """A nonce is another one each time."""
    return {name: value.partition("'nonce-")[0] for name, value in headers.items() if name != "Content-Length"}
