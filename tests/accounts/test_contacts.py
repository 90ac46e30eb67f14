"""Contacts and blocks: from asking to parting, whoever does what first."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Block, Contact, User
from accounts.services import contacts, invites, ties
from accounts.services.contacts import accept, ask, block, decline, read_book, remove, unblock
from accounts.services.privacy import change_privacy
from accounts.services.ties import HIDDEN, Sees
from accounts.services.users import find_person
from chatsite.core.errors import ChatsiteError, Conflict, Forbidden, Invalid, NotFound
from tests.accounts.clients import person
from tests.plans import whole_table_reads

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna() -> User:
    return person("anna", display_name="Änne")


@pytest.fixture
def ben() -> User:
    return person("ben")


def book(user: User) -> dict[str, str]:
    """Who is in it, and as what."""
    read = read_book(user.id)
    return {row.person.username: row.state for row in read.contacts} | {one.username: "blocked" for one in read.blocked}


def become_contacts(one: User, other: User) -> None:
    ask(one.id, other)
    accept(other.id, one.id)


def test_a_request_is_seen_at_both_ends_and_accepted(anna: User, ben: User) -> None:
    assert ask(anna.id, ben) == {anna.id, ben.id}
    assert (book(anna), book(ben)) == ({"ben": "sent"}, {"anna": "received"})
    assert ties.contacts_among(anna.id, [ben.id]) == set()
    assert accept(ben.id, anna.id) == {anna.id, ben.id}
    assert (book(anna), book(ben)) == ({"ben": "contact"}, {"anna": "contact"})
    assert ties.contacts_among(anna.id, [ben.id]) == {ben.id}


def test_everything_done_twice_is_done_once(anna: User, ben: User) -> None:
    ask(anna.id, ben)
    assert ask(anna.id, ben) == set()
    accept(ben.id, anna.id)
    assert accept(ben.id, anna.id) == ask(ben.id, anna) == set()
    remove(anna.id, ben.id)
    assert remove(anna.id, ben.id) == remove(ben.id, anna.id) == set()
    block(anna.id, ben.id)
    assert block(anna.id, ben.id) == set()
    unblock(anna.id, ben.id)
    assert unblock(anna.id, ben.id) == set()


def test_two_who_ask_each_other_are_contacts(anna: User, ben: User) -> None:
    ask(anna.id, ben)
    assert ask(ben.id, anna) == {anna.id, ben.id}
    assert book(anna) == {"ben": "contact"}


def test_a_no_is_not_told_and_holds(anna: User, ben: User) -> None:
    ask(anna.id, ben)
    assert decline(ben.id, anna.id) == {ben.id}
    assert decline(ben.id, anna.id) == set()
    assert (book(anna), book(ben)) == ({"ben": "sent"}, {})
    assert remove(anna.id, ben.id) == {anna.id}
    assert ask(anna.id, ben) == {anna.id}
    assert (book(anna), book(ben)) == ({"ben": "sent"}, {})


def test_who_said_no_may_ask_later(anna: User, ben: User) -> None:
    ask(anna.id, ben)
    decline(ben.id, anna.id)
    ask(ben.id, anna)
    assert book(anna) == {"ben": "contact"}


def test_nobody_becomes_a_contact_of_somebody_who_took_the_request_back(anna: User, ben: User) -> None:
    ask(anna.id, ben)
    decline(ben.id, anna.id)
    remove(anna.id, ben.id)
    ask(ben.id, anna)
    assert (book(anna), book(ben)) == ({"ben": "received"}, {"anna": "sent"})
    with pytest.raises(Conflict):
        accept(ben.id, anna.id)


@pytest.mark.parametrize("answer", [accept, decline])
def test_only_who_was_asked_answers(answer: Callable[[int, int], object], anna: User, ben: User) -> None:
    with pytest.raises(Conflict):
        answer(anna.id, ben.id)
    ask(anna.id, ben)
    with pytest.raises(Conflict):
        answer(anna.id, ben.id)


def test_a_request_taken_back_is_gone(anna: User, ben: User) -> None:
    ask(anna.id, ben)
    assert remove(anna.id, ben.id) == {anna.id, ben.id}
    assert book(anna) == book(ben) == {}
    with pytest.raises(Conflict):
        accept(ben.id, anna.id)


def test_the_book_is_by_name(anna: User, ben: User) -> None:
    carl = person("carl", display_name="Zoë")
    for friend in (carl, ben, anna):
        if friend != anna:
            become_contacts(anna, friend)
    assert list(book(anna)) == ["ben", "carl"]


def test_suspended_people_are_in_no_book(anna: User, ben: User) -> None:
    become_contacts(anna, ben)
    User.objects.filter(id=ben.id).update(is_active=False)
    assert book(anna) == {}


@pytest.mark.parametrize("act", [block, lambda user, person: ask(user, User.objects.get(id=person))])
def test_oneself_is_neither_asked_nor_blocked(act: Callable[[int, int], object], anna: User) -> None:
    with pytest.raises(Invalid):
        act(anna.id, anna.id)


def test_who_does_not_exist_is_not_found(anna: User) -> None:
    for act in (block, accept, remove, unblock):
        with pytest.raises(NotFound):
            act(anna.id, 1)


class TestBlock:
    """What a block ends and hides, whichever of the two set it."""

    def test_it_ends_being_contacts_and_is_seen_by_one_only(self, anna: User, ben: User) -> None:
        become_contacts(anna, ben)
        assert block(anna.id, ben.id) == {anna.id, ben.id}
        assert (book(anna), book(ben)) == ({"ben": "blocked"}, {})

    @pytest.mark.parametrize("asker", ["anna", "ben"])
    def test_neither_asks_or_finds_the_other(self, asker: str, anna: User, ben: User) -> None:
        block(anna.id, ben.id)
        one, other = (anna, ben) if asker == "anna" else (ben, anna)
        nobody = _said(lambda: find_person(one.id, "nobody"))
        assert _said(lambda: ask(one.id, other)) == _said(lambda: find_person(one.id, other.username)) == nobody

    def test_unblocked_they_are_strangers(self, anna: User, ben: User) -> None:
        become_contacts(anna, ben)
        block(anna.id, ben.id)
        assert unblock(ben.id, anna.id) == set()
        assert ties.are_apart(ben.id, anna.id)
        assert unblock(anna.id, ben.id) == {anna.id, ben.id}
        assert book(anna) == book(ben) == {}
        assert find_person(ben.id, "anna") == anna

    def test_a_block_ends_requests_both_ways(self, anna: User, ben: User) -> None:
        ask(ben.id, anna)
        block(anna.id, ben.id)
        assert book(ben) == {}
        unblock(anna.id, ben.id)
        assert Contact.objects.count() == Block.objects.count() == 0

    def test_a_no_said_before_outlasts_it(self, anna: User, ben: User) -> None:
        ask(anna.id, ben)
        decline(ben.id, anna.id)
        block(anna.id, ben.id)
        unblock(anna.id, ben.id)
        assert ask(anna.id, ben) == {anna.id}

    def test_it_hides_presence_both_ways(self, anna: User, ben: User) -> None:
        block(anna.id, ben.id)
        assert ties.sights(anna.id, [ben.id]) == {ben.id: HIDDEN}
        assert ties.sights(ben.id, [anna.id]) == {anna.id: HIDDEN}


@pytest.mark.parametrize(
    ("online_to", "last_active_to", "stranger", "contact"),
    [
        ("everyone", "everyone", Sees(), Sees()),
        ("everyone", "contacts", Sees(online=True, last_active=False), Sees()),
        ("everyone", "nobody", Sees(online=True, last_active=False), Sees(online=True, last_active=False)),
        ("contacts", "everyone", HIDDEN, Sees()),
        ("nobody", "everyone", HIDDEN, HIDDEN),
    ],
)
def test_who_sees_what(anna: User, ben: User, online_to: str, last_active_to: str, stranger: Sees, contact: Sees) -> None:
    change_privacy(anna, {"online_to": online_to, "last_active_to": last_active_to})
    carl = person("carl")
    become_contacts(anna, ben)
    assert ties.sights(carl.id, [anna.id])[anna.id] == stranger
    assert ties.sights(ben.id, [anna.id])[anna.id] == contact
    told = ties.audience([anna.id]).get(anna.id, {})
    assert told == ({ben.id: contact} if contact.online else {})


def test_who_may_write(anna: User, ben: User) -> None:
    carl = person("carl")
    pairs = [(ben.id, anna.id), (carl.id, anna.id), (anna.id, ben.id)]
    assert ties.who_refuses(pairs) == set()
    change_privacy(anna, {"messages_from": "contacts"})
    become_contacts(anna, ben)
    assert ties.who_refuses(pairs) == {(carl.id, anna.id)}


@pytest.mark.parametrize(("groups_from", "let"), [("everyone", ["ben", "carl"]), ("contacts", ["ben"]), ("nobody", [])])
def test_who_may_add_whom_to_a_group(anna: User, ben: User, groups_from: str, let: list[str]) -> None:
    carl = person("carl")
    become_contacts(anna, ben)
    for friend in (ben, carl):
        change_privacy(friend, {"groups_from": groups_from})
    found = ties.who_lets_add(anna.id, [ben.id, carl.id])
    assert sorted(User.objects.filter(id__in=found).values_list("username", flat=True)) == let


def test_who_takes_no_requests_is_asked_by_link_only(anna: User, ben: User) -> None:
    change_privacy(ben, {"requests_from": "nobody"})
    with pytest.raises(Forbidden):
        ask(anna.id, ben)
    code = invites.renew_code(ben.id)
    ask(anna.id, invites.find_by_code(anna.id, code), by_link=True)
    assert book(ben) == {"anna": "received"}


def test_an_invite_link_finds_one_person_until_it_is_renewed(anna: User, ben: User) -> None:
    assert invites.read_code(ben.id) is None
    code = invites.renew_code(ben.id)
    assert invites.read_code(ben.id) == code
    assert invites.find_by_code(anna.id, code) == ben
    renewed = invites.renew_code(ben.id)
    nobody = _said(lambda: invites.find_by_code(anna.id, "nothing"))
    assert _said(lambda: invites.find_by_code(anna.id, code)) == nobody
    block(ben.id, anna.id)
    assert _said(lambda: invites.find_by_code(anna.id, renewed)) == nobody
    unblock(ben.id, anna.id)
    invites.withdraw_code(ben.id)
    assert _said(lambda: invites.find_by_code(anna.id, renewed)) == nobody


@pytest.mark.parametrize("setting", [{"messages_from": "nobody"}, {"requests_from": "contacts"}, {"online_to": "all"}])
def test_privacy_knows_its_choices(anna: User, setting: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        change_privacy(anna, setting)
    anna.refresh_from_db()
    assert (anna.messages_from, anna.requests_from, anna.online_to, anna.ties_changed_at) == ("everyone",) * 3 + (None,)


def test_what_changed_is_found_by_every_process(anna: User, ben: User) -> None:
    assert ties.changed_within(60) == {}
    ask(anna.id, ben)
    assert ties.changed_within(60).keys() == {anna.id, ben.id}
    assert ties.changed_within(0) == {}


@pytest.mark.parametrize("bound", ["REQUESTS_MAX", "CONTACTS_MAX", "BLOCKS_MAX"])
def test_everything_has_a_bound(anna: User, ben: User, bound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contacts, bound, 1)
    act: Callable[[User], object] = {
        "REQUESTS_MAX": lambda other: ask(anna.id, other),
        "CONTACTS_MAX": lambda other: become_contacts(other, anna),
        "BLOCKS_MAX": lambda other: block(anna.id, other.id),
    }[bound]
    act(ben)
    carl = person("carl")
    with pytest.raises(Conflict):
        act(carl)


def _said(act: Callable[[], object]) -> tuple[str, str]:
    """What a refusal tells."""
    with pytest.raises(ChatsiteError) as refused:
        act()
    return refused.value.code, refused.value.detail


def test_no_question_reads_a_whole_table(anna: User, ben: User) -> None:
    become_contacts(anna, ben)
    carl = person("carl")
    block(carl.id, anna.id)
    everybody = [anna.id, ben.id, carl.id]
    with CaptureQueriesContext(connection) as asked:
        read_book(anna.id)
        ties.sights(anna.id, everybody)
        ties.audience(everybody)
        ties.blocks_among(everybody)
        ties.who_refuses([(anna.id, ben.id)])
        ties.who_lets_add(anna.id, everybody)
        ties.changed_within(60)
        ties.are_apart(anna.id, ben.id)
        invites.read_code(anna.id)
    for query in asked.captured_queries:
        assert whole_table_reads(query["sql"]) == [], query["sql"]
