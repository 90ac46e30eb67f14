"""What a notice says, in the language of its reader; of the text nothing, unless they chose previews."""

from django.utils.translation import gettext, ngettext, override

from messaging.protocol.types import Message
from messaging.services.members import Members
from messaging.services.push.judge import Ring
from notifications.protocol import BODY_MAX, TITLE_MAX, Notice
from notifications.services.preferences import Taste


def notice_of(ring: Ring, members: Members, taste: Taste, *, badge: int) -> Notice:
    newest = ring.missed[-1]
    with override(taste.locale or None):
        name = _name(members, newest.sender)
        return Notice(
            kind="message",
            conversation=members.conversation,
            seq=ring.seq,
            badge=badge,
            title=_cut(name if members.kind == "direct" else members.title, TITLE_MAX),
            body=_cut(_body(ring, newest, members, name, taste), BODY_MAX),
        )


def _body(ring: Ring, newest: Message, members: Members, name: str, taste: Taste) -> str:
    if taste.previews:
        text = " ".join(newest.text.split())
        return text if members.kind == "direct" else f"{name}: {text}"
    if any(ring.user in message.mentions for message in ring.missed):
        return gettext("You were mentioned")
    count = len(ring.missed)
    if count == 1:
        return gettext("New message")
    return ngettext("%(count)d new message", "%(count)d new messages", count) % {"count": count}


def _name(members: Members, user: int) -> str:
    member = members.by_user.get(user)
    return member.display_name if member else gettext("Somebody")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
