"""Turns what a client wants to say into a draft, on either road: here text is validated."""

from collections.abc import Sequence

from chatsite.core.errors import Invalid
from chatsite.core.text import clean_text
from messaging.protocol.commands import parse_id
from messaging.protocol.types import Draft, canonical_uuid


def draft_text(
    *,
    sender: int,
    conversation: int,
    client_id: str,
    text: str,
    after: int | None = None,
    reply_to: int | None = None,
    mentions: Sequence[str] = (),
) -> Draft:
    """Raises Invalid, BadRequest. Mentions are kept once each, in order."""
    try:
        client_id = canonical_uuid(client_id)
    except ValueError:
        raise Invalid("A client id is a UUID", field="client_id") from None
    users = tuple(dict.fromkeys(parse_id(user, field="mentions") for user in mentions)) if mentions else ()
    return Draft(
        conversation=conversation, sender=sender, client_id=client_id, kind="text", text=clean_text(text), after=after,
        reply_to=reply_to, mentions=users,
    )  # fmt: skip
