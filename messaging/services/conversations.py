"""Opens conversations: a direct one that two people share, or a new group."""

from collections.abc import Sequence

from channels.db import database_sync_to_async
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.services.ties import require_not_apart, who_refuses
from accounts.services.users import find_person, find_user
from chatsite.core.errors import Forbidden, GroupFull, Invalid, NotFound
from chatsite.core.text import clean_name
from chatsite.core.unbroken import unbroken
from messaging.models import Conversation, Membership
from messaging.models.relational import TITLE_MAX
from messaging.services.chat import Chat
from messaging.services.members import Members
from messaging.services.membership import add_willing, announce, carry_out, pend_change
from messaging.services.rules import GROUP_MAX
from messaging.services.send import SendRoad


async def open_direct(chat: Chat, *, opener: int, username: str) -> Members:
    """The one direct conversation of two people; opening it again finds it. Raises NotFound, Invalid, Forbidden."""
    conversation = await database_sync_to_async(_open_direct)(opener, username)
    return await chat.members.get(conversation)


def _open_direct(opener: int, username: str) -> int:
    other = find_user(username)
    if other.id == opener:
        raise Invalid("That is you", field="username")
    key = f"{min(opener, other.id)}:{max(opener, other.id)}"
    found = Conversation.objects.filter(direct_key=key).values_list("id", flat=True).first()
    if found is not None:
        return found
    require_not_apart(opener, other)
    if who_refuses([(opener, other.id)]):
        raise Forbidden("This person does not take messages from you")
    try:
        with transaction.atomic():
            row = Conversation.objects.create(kind=Conversation.Kind.DIRECT, direct_key=key, created_by_id=opener)
            for user in (opener, other.id):
                Membership.objects.create(conversation=row, user_id=user, state=Membership.State.JOINED, spans=[[1, None]])
    except IntegrityError:  # both opened it at the same moment
        return Conversation.objects.values_list("id", flat=True).get(direct_key=key)
    return row.id


@unbroken
async def create_group(chat: Chat, road: SendRoad, *, creator: int, title: str, usernames: Sequence[str]) -> Members:
    """A group of its creator, who owns it, and of those who let them add them; invitations to the others. Raises NotFound, Invalid,
    GroupFull.
    """
    title = clean_name(title, longest=TITLE_MAX, field="title")
    change, people = await database_sync_to_async(_create_group)(creator, title, usernames)
    members = await carry_out(chat, road, change)
    await announce(chat, members)
    return await add_willing(chat, road, members, by=creator, people=people)


def _create_group(creator: int, title: str, usernames: Sequence[str]) -> tuple[int, list[int]]:
    """The pending change, and who was invited."""
    people = find_people(usernames, but=creator)
    if len(people) + 1 > GROUP_MAX:
        raise GroupFull("A group has at most %(count)d people", count=GROUP_MAX)
    with transaction.atomic():
        row = Conversation.objects.create(kind=Conversation.Kind.GROUP, title=title, created_by_id=creator)
        Membership.objects.create(conversation=row, user_id=creator, role=Membership.Role.OWNER, state=Membership.State.INVITED)
        for person in people:
            Membership.objects.create(conversation=row, user=person, state=Membership.State.INVITED, invited_by_id=creator)
        change = pend_change(row, by=creator, event={"type": "created", "user": str(creator), "title": title})
    return change.pk, [person.id for person in people]


def find_people(usernames: Sequence[str], *, but: int) -> list[User]:
    """Users by exact username, each once, for somebody who is not among them. Raises NotFound, which names the first that does not exist."""
    people: dict[int, User] = {}
    for username in dict.fromkeys(usernames):
        try:
            user = find_person(but, username)
        except NotFound:
            raise NotFound("Nobody here is called %(username)s", field="usernames", username=username) from None
        people[user.id] = user
    people.pop(but, None)
    return list(people.values())
