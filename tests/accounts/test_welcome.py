"""The first account of an empty instance, by whatever road it comes, is an administrator's; nobody founds it twice."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from django.test import Client

from accounts.models import Founding, User
from accounts.services.founding import admit, create_first_admin, instance_is_empty
from chatsite.core.errors import Conflict
from tests.accounts.clients import PASSWORD, App, browser, person, told

FORM = {"username": "Ada", "password": PASSWORD, "email": "ada@example.org"}


@pytest.mark.django_db
def test_the_first_visitor_is_led_to_the_welcome_page_and_in() -> None:
    client = Client()
    assert client.get("/accounts/login/")["Location"] == "/welcome/"
    assert client.get("/welcome/").status_code == 200
    assert client.post("/welcome/", FORM)["Location"] == "/welcome/next/"
    page = client.get("/welcome/next/").content.decode()
    assert "http://testserver/" in page
    assert "make run LAN=1" not in page  # whoever reads "testserver" reached it from elsewhere
    assert client.get("/admin/").status_code == 200
    assert told(client.get("/api/v1/devices"))[0]["current"] is True
    founder = User.objects.get()
    assert (founder.username, founder.is_staff, founder.is_superuser) == ("ada", True, True)


@pytest.mark.django_db
@pytest.mark.parametrize("host, told", [("localhost:8000", True), ("[::1]", True), ("127.0.0.1", True), ("testserver", False)])
def test_only_an_address_of_this_machine_alone_needs_the_hint(host: str, told: bool) -> None:
    person("root", is_staff=True)
    person("grace")
    assert ("make run LAN=1" in browser("root").get("/welcome/next/", headers={"Host": host}).content.decode()) is told
    assert "make " not in browser("grace").get("/welcome/next/", headers={"Host": host}).content.decode()


@pytest.mark.django_db
def test_a_second_founder_is_refused() -> None:
    Client().post("/welcome/", FORM)
    late = Client()
    response = late.post("/welcome/", {**FORM, "username": "mallory"})
    assert response.status_code == 409
    assert late.get("/welcome/")["Location"] == "/"
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_the_first_to_sign_up_by_an_app_administers_and_the_second_does_not() -> None:
    App().sign_up("ada", email="ada@example.org")
    App().sign_up("grace")
    ada, grace = User.objects.get(username="ada"), User.objects.get(username="grace")
    assert (ada.is_staff, ada.is_superuser, grace.is_staff, grace.is_superuser) == (True, True, False, False)
    assert Founding.objects.get().founder == ada
    assert Client().get("/welcome/")["Location"] == "/"


@pytest.mark.django_db
def test_the_first_to_use_the_sign_up_page_administers() -> None:
    client = Client()
    assert client.get("/accounts/signup/")["Location"] == "/welcome/"
    form = {"username": "ada", "password1": PASSWORD, "email": ""}
    assert client.post("/accounts/signup/", form)["Location"] == "/welcome/next/"
    assert client.get("/admin/").status_code == 200
    late = Client()
    assert late.get("/accounts/signup/").status_code == 200
    assert late.post("/accounts/signup/", {**form, "username": "grace"})["Location"] == "/"
    assert late.get("/admin/", follow=True).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_of_racing_sign_ups_one_founds_and_all_get_an_account() -> None:
    start = Barrier(4)

    def sign_up(name: str) -> None:
        try:
            start.wait()
            admit(User(username=name))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(sign_up, ["ada", "grace", "alan", "edsger"]))
    assert User.objects.count() == 4
    assert [user.pk for user in User.objects.filter(is_superuser=True)] == [Founding.objects.get().founder_id]


@pytest.mark.django_db
def test_an_instance_with_people_is_not_founded() -> None:
    person("grace")
    with pytest.raises(Conflict):
        create_first_admin(username="mallory", password=PASSWORD)
    assert not Founding.objects.exists()


@pytest.mark.django_db
def test_bad_values_are_named_and_found_nothing() -> None:
    client = Client()
    for form in ({**FORM, "username": "\u0430da"}, {**FORM, "password": "12345678"}, {**FORM, "email": "ada@"}):
        response = client.post("/welcome/", form)
        assert response.status_code == 200
        assert "errorlist" in response.content.decode()
    assert instance_is_empty()


@pytest.mark.django_db(transaction=True)
def test_of_racing_founders_one_wins() -> None:
    start = Barrier(4)

    def found(name: str) -> bool:
        try:
            start.wait()
            create_first_admin(username=name, password=PASSWORD)
        except Conflict:
            return False
        else:
            return True
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(found, ["ada", "grace", "alan", "edsger"]))
    assert won.count(True) == 1
    assert User.objects.count() == 1
