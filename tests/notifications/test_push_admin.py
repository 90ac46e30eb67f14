"""Django admin shows which devices take pushes and how that goes, and no address or secret."""

import hashlib

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Device
from notifications.models import Subscription, Tally
from tests.accounts.clients import browser, person

pytestmark = pytest.mark.django_db

HIDDEN = {"address": "https://fcm.googleapis.com/fcm/send/the-address", "p256dh": "the-public-key", "secret": "the-secret"}


@pytest.fixture
def root() -> Client:
    person("root", is_staff=True, is_superuser=True)
    return browser("root")


@pytest.fixture
def subscription() -> Subscription:
    device = Device.objects.create(user=person("ada"), kind=Device.Kind.BROWSER, name="Ada's laptop")
    digest = hashlib.sha256(b"1").digest()
    return Subscription.objects.create(
        device=device, gateway="web", address_digest=digest, failure="HTTP 503", failed_at=timezone.now(), **HIDDEN
    )


def test_a_subscription_is_shown_without_what_it_takes_to_use_it(root: Client, subscription: Subscription) -> None:
    for path in ("", f"{subscription.pk}/change/"):
        page = root.get(f"/admin/notifications/subscription/{path}").content.decode()
        assert "HTTP 503" in page
        assert not [word for word in HIDDEN.values() if word in page]
    assert "Ada&#x27;s laptop" in root.get("/admin/notifications/subscription/?q=ada").content.decode()
    assert "laptop" not in root.get("/admin/notifications/subscription/?q=ben").content.decode()


def test_it_can_be_forgotten_and_neither_made_nor_changed(root: Client, subscription: Subscription) -> None:
    assert root.get("/admin/notifications/subscription/add/").status_code == 403
    assert root.post(f"/admin/notifications/subscription/{subscription.pk}/change/", {"gateway": "fcm"}).status_code == 403
    root.post("/admin/notifications/subscription/", {"action": "forget", "_selected_action": [str(subscription.pk)]})
    assert not Subscription.objects.exists()


def test_the_hours_are_shown_with_how_fast_services_answered(root: Client) -> None:
    Tally.objects.create(hour=timezone.now(), gateway="web", sent=4, waited_ms=500, dropped=1)
    assert "125 ms" not in root.get("/admin/").content.decode()
    assert "125 ms" in root.get("/admin/notifications/tally/").content.decode()
    assert root.get("/admin/notifications/tally/add/").status_code == 403


def test_who_is_not_staff_sees_nothing(subscription: Subscription) -> None:
    person("grace")
    assert browser("grace").get("/admin/notifications/subscription/", follow=True).status_code == 403
