"""While a part of the service is away, whoever needs it is told so and asked to come back; nobody sees a failure of ours."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.test import AsyncClient, Client

from accounts.models import User
from chatsite.core import ids
from chatsite.core.errors import Unavailable
from tests.accounts.clients import App, problem

pytestmark = pytest.mark.django_db


def no_number() -> int:
    raise Unavailable(retry_after=2)


@pytest.fixture(autouse=True)
def _no_ids(db: None) -> Iterator[None]:
    """As in a process that lost its worker number and has no other yet."""
    User.objects.create(username="founder", is_superuser=True)
    ids.use_worker(no_number)
    yield
    ids.use_worker(apps.get_app_config("chatsite_discovery").discovery.worker_number)  # type: ignore[attr-defined]


SIGN_UP = {"username": "ada", "password": "correct horse 47 staple"}


def test_an_app_that_signs_up_gets_a_problem() -> None:
    answer = App().auth("POST", "/auth/signup", SIGN_UP)
    assert problem(answer) == (503, "unavailable", None)
    assert answer["Retry-After"] == "2"
    assert not User.objects.filter(username="ada").exists()


def test_who_signs_up_on_the_page_gets_a_page() -> None:
    form = {"username": "ada", "password1": SIGN_UP["password"]}
    page = Client().post("/accounts/signup/", form)
    assert (page.status_code, page["Retry-After"]) == (503, "2")
    assert "Try again in a moment" in page.content.decode()
    assert not User.objects.filter(username="ada").exists()


async def test_also_under_the_event_loop() -> None:
    page = await AsyncClient().post("/accounts/signup/", {"username": "ada", "password1": SIGN_UP["password"]})
    assert page.status_code == 503
