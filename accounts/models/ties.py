"""How people stand to each other: contacts, requests, blocks, and the links by which they are found."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User

CODE_MAX = 32


class Contact(models.Model):
    """How one person stands to another, as they see it themselves. Two contacts have a row each; so have a request's two ends."""

    class State(models.TextChoices):
        SENT = "sent", _("asked")
        RECEIVED = "received", _("was asked")
        DECLINED = "declined", _("declined")  # was asked and said no: is not asked again, and the other is not told
        CONTACT = "contact", _("contact")

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="contacts", verbose_name=_("owner"))
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", verbose_name=_("person"))
    state = models.CharField(_("state"), max_length=8, choices=State)
    since = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        constraints = [models.UniqueConstraint(fields=["owner", "person"], name="one_contact_each")]
        indexes = [models.Index(fields=["owner", "state"], name="contact_owner_state")]

    def __str__(self) -> str:
        return f"{self.owner_id} → {self.person_id}: {self.state}"


class Block(models.Model):
    """One person wants nothing of another. What it hides, it hides from both."""

    blocker = models.ForeignKey(User, on_delete=models.CASCADE, related_name="blocks", verbose_name=_("who blocked"))
    blocked = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", verbose_name=_("who is blocked"))
    since = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        verbose_name = _("block")
        verbose_name_plural = _("blocks")
        constraints = [models.UniqueConstraint(fields=["blocker", "blocked"], name="one_block_each")]

    def __str__(self) -> str:
        return f"{self.blocker_id} blocks {self.blocked_id}"


class InviteLink(models.Model):
    """A secret by which a person is found who gave it away. One each; a new one ends the old."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="invite_link")
    code = models.CharField(max_length=CODE_MAX, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("invite link")
        verbose_name_plural = _("invite links")

    def __str__(self) -> str:
        return f"link of {self.user_id}"
