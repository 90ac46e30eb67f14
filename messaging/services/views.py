"""The conversation object that clients see, from the members' picture; who is outside sees less."""

from typing import Any

import msgspec

from messaging.services.members import Member, Members


def user_view(member: Member) -> dict[str, str]:
    return {"id": str(member.user), "username": member.username, "display_name": member.display_name}


def conversation_view(members: Members, *, head: int, viewer: int | None = None) -> dict[str, Any]:
    """The object of docs/protocol.md. `viewer` None is anybody who is in; somebody who left sees themselves and the title of then."""
    shown = list(members.by_user.values())
    title = members.title
    people: list[dict[str, str]] | None = None
    if viewer is not None:
        own = members.member(viewer)
        if own.state in {"left", "removed", "declined"}:
            shown, title, head = [own], own.last_title, members.last_seen_by(viewer, head)
            people = [user_view(member) for member in members.by_user.values() if _met(own, member)]
        elif own.state == "invited":
            head = 0
    view = {
        "id": str(members.conversation),
        "kind": members.kind,
        "title": title,
        "version": members.revision,
        "created_at": members.created_at,
        "head": head,
        "members": [_member_view(member) for member in shown],
    }
    if people is not None:
        view["people"] = people
    return view


def encode_conversation(members: Members, *, head: int, viewer: int | None = None) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(conversation_view(members, head=head, viewer=viewer)))


def _met(viewer: Member, other: Member) -> bool:
    """Whether both were in at the same time: then messages that the viewer still sees may be of the other."""
    return other is not viewer and any(
        (theirs[1] is None or mine[0] <= theirs[1]) and (mine[1] is None or theirs[0] <= mine[1])
        for mine in viewer.spans
        for theirs in other.spans
    )


def _member_view(member: Member) -> dict[str, Any]:
    view: dict[str, Any] = {"user": user_view(member), "role": member.role, "state": member.state, "spans": member.spans}
    if member.invited_by is not None:
        view["invited_by"] = str(member.invited_by)
    return view
