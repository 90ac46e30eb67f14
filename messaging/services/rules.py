"""Who may change what in a group, asked of the rows under the lock: what held when the wish was made may hold no more."""

from typing import Any

from chatsite.core.errors import Conflict, Forbidden, GroupFull, NotAMember, NotFound
from messaging.models import Conversation, Membership

GROUP_MAX = 100
State, Role = Membership.State, Membership.Role


def check_change(row: Conversation, by: int, event: dict[str, Any]) -> None:
    """Raises NotAMember, Forbidden, NotFound, Conflict, GroupFull. Two owners may remove or demote each other at the same moment."""
    kind = event["type"]
    actor = row.memberships.filter(user_id=by).first()
    if actor is None or actor.state != (State.INVITED if kind == "joined" else State.JOINED):
        raise NotAMember
    if kind in {"removed", "role", "renamed", "added"} and actor.role == Role.MEMBER:
        raise Forbidden("Only owners and admins can do that")
    if kind in {"removed", "role"}:
        _check_subject(row, actor, event)
    if kind == "added" and row.memberships.filter(user_id__in=event["users"], state=State.INVITED).count() < len(event["users"]):
        raise Conflict("There is no invitation")
    newcomers = {"joined": 1, "added": len(event.get("users", ()))}.get(kind, 0)
    if newcomers and row.memberships.filter(state=State.JOINED).count() + newcomers > GROUP_MAX:
        raise GroupFull("A group has at most %(count)d people", count=GROUP_MAX)


def _check_subject(row: Conversation, actor: Membership, event: dict[str, Any]) -> None:
    subject = row.memberships.filter(user_id=int(event["user"]), state=State.JOINED).first()
    if subject is None:
        raise NotFound("That person is not in the group")
    if event["type"] == "removed":
        if actor.role != Role.OWNER and subject.role != Role.MEMBER:
            raise Forbidden("Admins cannot remove admins or owners")
    elif actor.role != Role.OWNER:
        raise Forbidden("Only owners can do that")
    elif event["role"] != Role.OWNER and not _has_owner_beside(row, subject):
        raise Conflict("The last owner stays one: make somebody else owner first")


def _has_owner_beside(row: Conversation, subject: Membership) -> bool:
    return row.memberships.filter(state=State.JOINED, role=Role.OWNER).exclude(pk=subject.pk).exists()
