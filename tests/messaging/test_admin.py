"""Django admin of conversations opens to staff only, finds by index, and shows no message text."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from django.core.cache import cache
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from messaging.models import Conversation, Membership, MembershipChange
from messaging.services.lookup import find_changes, find_conversations, find_memberships
from tests.accounts.clients import browser, person
from tests.client import PASSWORD as PHONE_PASSWORD
from tests.conftest import WARDEN, NewPhone
from tests.plans import whole_table_reads
from tests.server import Server

pytestmark = pytest.mark.django_db

LISTS = ["/admin/messaging/conversation/", "/admin/messaging/membership/", "/admin/messaging/membershipchange/"]

CONNECTED = "/admin/messaging/connected/"


@pytest.fixture(autouse=True)
def _no_limit_left_over() -> None:
    cache.clear()


@pytest.fixture
def root() -> Client:
    """An administrator's browser."""
    person("root", is_staff=True, is_superuser=True)
    return browser("root")


@pytest.fixture
def pair() -> tuple[User, User]:
    return person("ada", email="ada@example.org"), person("grace")


def direct(one: User, other: User) -> Conversation:
    key = f"{min(one.id, other.id)}:{max(one.id, other.id)}"
    row = Conversation.objects.create(kind="direct", direct_key=key, created_by=one)
    for user in (one, other):
        Membership.objects.create(conversation=row, user=user, state="joined", spans=[[1, None]])
    return row


def group(title: str, owner: User) -> Conversation:
    row = Conversation.objects.create(kind="group", title=title, created_by=owner, version=1)
    Membership.objects.create(conversation=row, user=owner, state="joined", role="owner", spans=[[1, None]])
    event = {"type": "created", "user": str(owner.id), "by": str(owner.id), "title": title, "version": 1}
    MembershipChange.objects.create(conversation=row, version=1, event=event, by=owner, seq=1)
    return row


def pages_of(row: Conversation) -> list[str]:
    """Every page that shows this conversation or something of it."""
    memberships = [f"{LISTS[1]}{membership.pk}/change/" for membership in row.memberships.all()]
    changes = [f"{LISTS[2]}{change.pk}/change/" for change in row.changes.all()]
    return [*LISTS, f"{LISTS[0]}{row.pk}/change/", *memberships, *changes]


def test_who_is_not_staff_sees_none_of_it(pair: tuple[User, User]) -> None:
    for page in pages_of(group("Garden", pair[0])):
        assert Client().get(page, follow=True).redirect_chain[-1][0].startswith("/accounts/login/?next=")
    client = browser("ada")
    for page in pages_of(Conversation.objects.get()):
        assert client.get(page, follow=True).status_code == 403


def test_staff_without_the_permission_see_none_of_it(pair: tuple[User, User]) -> None:
    person("clerk", is_staff=True)
    client = browser("clerk")
    for page in pages_of(group("Garden", pair[0])):
        assert client.get(page).status_code == 403


def test_no_page_counts_a_table(root: Client, pair: tuple[User, User]) -> None:
    garden = group("Garden", pair[0])
    for number in range(60):
        group(f"Group {number}", pair[1])
    queries = ["", "?q=Gar", f"?q={garden.id}", "?q=ada", "?p=2"]
    for page in [*(page + query for page in LISTS for query in queries), *pages_of(garden)]:
        with CaptureQueriesContext(connection) as asked:
            assert root.get(page).status_code == 200
        counted = [query["sql"] for query in asked if "messaging_" in query["sql"] and "COUNT(" in query["sql"].upper()]
        assert counted == [], page


def test_lists_cost_the_same_few_queries_however_many_rows_they_show(root: Client, pair: tuple[User, User]) -> None:
    for page in LISTS:
        group("One", pair[0])
        with CaptureQueriesContext(connection) as few:
            root.get(page)
        for number in range(20):
            group(f"More {number}", pair[1])
        with CaptureQueriesContext(connection) as many:
            root.get(page)
        assert len(many) == len(few), page


@pytest.mark.parametrize("term", ["Gar", "ada", "ada@example.org", "251129572697833472", "251129572697833472:251129577219293184"])
@pytest.mark.parametrize("find", [find_conversations, find_memberships, find_changes])
def test_every_way_to_search_uses_an_index(find: Callable[[str], QuerySet[Any]], term: str, pair: tuple[User, User]) -> None:
    group("Garden", pair[0])
    with CaptureQueriesContext(connection) as asked:
        list(find(term).order_by("-id"))
    for statement in asked.captured_queries:
        assert whole_table_reads(statement["sql"]) == [], statement["sql"]


def test_conversations_are_found_by_id_title_and_the_two_people(root: Client, pair: tuple[User, User]) -> None:
    row, garden = direct(*pair), group("Garden 花园", pair[0])

    def found(term: str) -> set[int]:
        response = root.get(LISTS[0], {"q": term})
        return {conversation.pk for conversation in response.context["cl"].result_list}

    assert found(str(garden.id)) == {garden.id}
    assert found("Garden 花") == {garden.id}
    assert found("arden") == set()
    assert found(f"{pair[1].id}:{pair[0].id}") == found(f"{pair[0].id}:{pair[1].id}") == {row.id}
    assert found("9" * 25) == set()


def test_places_are_found_by_person_and_by_conversation(root: Client, pair: tuple[User, User]) -> None:
    row, garden = direct(*pair), group("Garden", pair[0])

    def found(term: str) -> set[tuple[int, int]]:
        response = root.get(LISTS[1], {"q": term})
        return {(place.conversation_id, place.user_id) for place in response.context["cl"].result_list}

    ada, grace = pair
    assert found("ada@example.org") == found("AD") == found(str(ada.id)) == {(row.id, ada.id), (garden.id, ada.id)}
    assert found(str(row.id)) == {(row.id, ada.id), (row.id, grace.id)}
    assert found("nobody") == set()


def test_nothing_can_be_added_changed_or_deleted(root: Client, pair: tuple[User, User]) -> None:
    garden = group("Garden", pair[0])
    for page in LISTS:
        assert root.get(f"{page}add/").status_code == 403
        assert b"delete_selected" not in root.get(page).content
    for page in pages_of(garden)[3:]:
        assert root.post(page, {"title": "Mine now", "role": "owner"}).status_code == 403
        assert root.get(page.replace("/change/", "/delete/")).status_code == 403
    garden.refresh_from_db()
    assert garden.title == "Garden"


@asynccontextmanager
async def warden(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """The administrator's browser."""
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, follow_redirects=True) as clerk:
        await clerk.get("/accounts/login/")
        form = {"login": WARDEN, "password": PHONE_PASSWORD, "csrfmiddlewaretoken": clerk.cookies["csrftoken"]}
        await clerk.post("/accounts/login/", data=form, headers={"Origin": server.url})
        yield clerk


async def test_an_administrator_sees_who_is_connected_where(server: Server, new_phone: NewPhone) -> None:
    """Whatever they hide from each other."""
    ada, _ = await new_phone("ada"), await new_phone("grace")
    await ada.api("PATCH", "/me/privacy", {"online_to": "nobody"})
    async with await ada.connect() as socket, warden(server) as clerk:
        await socket.call({"type": "heartbeat", "active": True})
        rows = {name: row_of((await clerk.get(CONNECTED)).text, name) for name in ("ada", "grace")}
        assert tuple(rows["ada"]) == ("True", "node-1", "1")
        assert tuple(rows["grace"]) == ("False", "–", "0")
        await asyncio.sleep(2.5)  # nodes tell how busy they are every two seconds
        page = (await clerk.get(f"{CONNECTED}?q=ada")).text
        assert "grace" not in page
        assert re.search(r"<th scope=.row.>node-1</th>.*?<td>1</td>", page, re.DOTALL), "one connection"
        user = (await ada.api("GET", "/me"))["user"]["id"]
        assert "pbkdf2" not in (await clerk.get(f"{CONNECTED}{user}/change/")).text


def row_of(page: str, username: str) -> list[str]:
    """Whether online, nodes, devices in use."""
    row = next(row for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL) if f">{username}<" in row)
    (online,) = re.findall(r'alt="(\w+)"', row)
    cells = re.findall(r'<td class="field-(?:nodes|active_devices)[^>]*>([^<]*)<', row)
    return [online, *cells]


def test_where_no_node_runs_people_are_listed_all_the_same(root: Client, pair: tuple[User, User]) -> None:
    page = root.get(CONNECTED).content.decode()
    assert "ada" in page
    assert "No node is known at this moment." in page
    person("clerk", is_staff=True)
    assert browser("clerk").get(CONNECTED).status_code == 403


async def test_no_page_shows_what_was_said(server: Server, new_phone: NewPhone) -> None:
    ada, _ = await new_phone("ada"), await new_phone("grace")
    conversation = await ada.group("Garden", "grace")
    async with await ada.connect() as socket:
        await socket.say(conversation, "xyzzy, our secret word")
    async with warden(server) as clerk:
        for page in (*LISTS, f"{LISTS[0]}{conversation}/change/", f"{LISTS[0]}?q={conversation}", f"{LISTS[0]}?q=xyzzy"):
            response = await clerk.get(page)
            assert response.status_code == 200
            assert conversation in response.text or "Garden" in response.text or "xyzzy" in page
            assert "our secret word" not in response.text
