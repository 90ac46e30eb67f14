"""Conversations and who is in them. Messages, seqs and receipts live behind the ports of `messaging.stores`, not here."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chatsite.core.ids import new_id

TITLE_MAX = 100


class Conversation(models.Model):
    """A direct conversation of two people, or a group of at most 100."""

    class Kind(models.TextChoices):
        DIRECT = "direct", _("direct")
        GROUP = "group", _("group")

    id = models.BigIntegerField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=6, choices=Kind)
    title = models.CharField(_("title"), max_length=TITLE_MAX, blank=True, db_index=True)
    # "lower:higher" user id of a direct conversation, so that two people have one; null for groups.
    direct_key = models.CharField(max_length=40, null=True, unique=True, editable=False)  # noqa: DJ001
    # Number of the last completed MembershipChange; the sequencer holds the same number and refuses sends that know an older one.
    version = models.PositiveIntegerField(default=0)
    # Counts every change of what clients see as the conversation object, invitations included.
    revision = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")

    def __str__(self) -> str:
        return self.title or f"{self.kind} {self.id}"


class Membership(models.Model):
    """One person's place in one conversation, past or present."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        ADMIN = "admin", _("admin")
        MEMBER = "member", _("member")

    class State(models.TextChoices):
        INVITED = "invited", _("invited")
        JOINED = "joined", _("joined")
        DECLINED = "declined", _("declined")
        LEFT = "left", _("left")
        REMOVED = "removed", _("removed")

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=6, choices=Role, default=Role.MEMBER)
    state = models.CharField(max_length=8, choices=State)
    # [[first, last], …]: the seqs this person may see; the last one of the present stay is null.
    spans = models.JSONField(default=list)
    # The title as it was when they left: later ones are not theirs to see.
    last_title = models.CharField(max_length=TITLE_MAX, blank=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["conversation", "user"], name="one_membership_each")]
        indexes = [models.Index(fields=["user", "state"], name="membership_user_state")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.conversation_id}: {self.state}"


class MembershipChange(models.Model):
    """A change that takes a seq: written as pending, given its seq by the message road, then applied; anyone may finish one."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="changes")
    version = models.PositiveIntegerField()
    # What the system message tells: the `event` object of docs/protocol.md.
    event = models.JSONField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seq = models.PositiveBigIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("membership change")
        verbose_name_plural = _("membership changes")
        constraints = [models.UniqueConstraint(fields=["conversation", "version"], name="one_change_a_version")]
        indexes = [models.Index(fields=["conversation"], condition=models.Q(seq=None), name="pending_changes")]

    def __str__(self) -> str:
        return f"change {self.version} of {self.conversation_id}"
