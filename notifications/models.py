"""Where devices take pushes, what people want to be pushed, and how it went."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Device

FAILURE_MAX = 200


class Level(models.TextChoices):
    """What of a conversation is pushed."""

    ALL = "all", _("Every message")
    MENTIONS = "mentions", _("Only when I am mentioned")
    NONE = "none", _("Nothing")


class Subscription(models.Model):
    """Where one device takes pushes. The address and the secret are a password of sorts: nothing shows them."""

    class Gateway(models.TextChoices):
        WEB = "web", _("browser")
        FCM = "fcm", "FCM"
        APNS = "apns", "APNs"
        CONSOLE = "console", _("log")

    device = models.OneToOneField(
        Device, on_delete=models.CASCADE, primary_key=True, related_name="subscription", verbose_name=_("device")
    )
    gateway = models.CharField(_("by"), max_length=7, choices=Gateway)
    address = models.TextField(editable=False)
    # One address is of one device: a phone that somebody else logs in on is theirs.
    address_digest = models.BinaryField(max_length=32, unique=True, editable=False)
    p256dh = models.CharField(max_length=100, blank=True, editable=False)
    secret = models.CharField(max_length=40, blank=True, editable=False)
    server_key = models.CharField(max_length=100, blank=True, editable=False)
    is_sandbox = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(_("since"), default=timezone.now)
    succeeded_at = models.DateTimeField(_("last success"), null=True, blank=True)
    failed_at = models.DateTimeField(_("last error"), null=True, blank=True)
    failure = models.CharField(_("what went wrong"), max_length=FAILURE_MAX, blank=True)
    retry_at = models.DateTimeField(_("not before"), null=True, blank=True)

    class Meta:
        verbose_name = _("push subscription")
        verbose_name_plural = _("push subscriptions")

    def __str__(self) -> str:
        return f"{self.device_id} {self.gateway}"


class Preferences(models.Model):
    """What one person wants of pushes; without a row it is what the defaults say."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="push_preferences"
    )
    previews = models.BooleanField(_("show what was written"), default=False)
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=60, default="UTC")
    muted_until = models.DateTimeField(_("nothing before"), null=True, blank=True)

    class Meta:
        verbose_name = _("push preferences")
        verbose_name_plural = _("push preferences")

    def __str__(self) -> str:
        return str(self.user_id)


class ConversationPreference(models.Model):
    """What one person wants of one conversation, where that differs from the rest."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    conversation_id = models.BigIntegerField()
    level = models.CharField(max_length=8, choices=Level, default=Level.ALL)
    muted_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("push preference")
        verbose_name_plural = _("push preferences")
        constraints = [models.UniqueConstraint(fields=["user", "conversation_id"], name="one_preference")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.conversation_id} {self.level}"


class Tally(models.Model):
    """How the pushes of one hour went at one gateway; every round adds to it."""

    hour = models.DateTimeField(_("hour"))
    gateway = models.CharField(_("by"), max_length=7, choices=Subscription.Gateway)
    sent = models.PositiveIntegerField(_("sent"), default=0)
    later = models.PositiveIntegerField(_("put off"), default=0)
    gone = models.PositiveIntegerField(_("gone"), default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    dropped = models.PositiveIntegerField(_("dropped"), default=0)
    waited_ms = models.PositiveBigIntegerField(default=0)  # of all that were sent: how long the service took to answer

    class Meta:
        verbose_name = _("push tally")
        verbose_name_plural = _("push tallies")
        constraints = [models.UniqueConstraint(fields=["hour", "gateway"], name="one_tally")]
        ordering = ["-hour", "gateway"]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}:00 {self.gateway}"
