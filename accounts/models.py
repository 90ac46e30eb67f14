"""People and their devices."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chatsite.core.ids import new_id

USERNAME = RegexValidator(r"\A[a-z0-9](?:[a-z0-9_.-]*[a-z0-9])?\Z", _("Use letters a–z, digits, and . _ - between them."))


class User(AbstractUser):
    """An account. Usernames are lower-case ASCII, so that no two look alike; the display name may be anything readable."""

    id = models.BigIntegerField(primary_key=True, default=new_id, editable=False)
    username = models.CharField(_("username"), max_length=30, unique=True, validators=[USERNAME])
    display_name = models.CharField(_("display name"), max_length=60, blank=True)
    email = models.EmailField(_("e-mail"), blank=True, db_index=True)
    locale = models.CharField(max_length=10, blank=True)
    theme = models.CharField(max_length=6, default="system")
    last_active_at = models.DateTimeField(null=True, blank=True)

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]

    objects: ClassVar[UserManager["User"]] = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.username

    def get_full_name(self) -> str:
        return self.display_name or self.username

    def get_short_name(self) -> str:
        return self.get_full_name()


class Device(models.Model):
    """One login of one user: a browser's session, or an app that holds a token (kept as its SHA-256, never itself)."""

    class Kind(models.TextChoices):
        BROWSER = "browser", _("browser")
        APP = "app", _("app")

    id = models.BigIntegerField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices")
    kind = models.CharField(max_length=7, choices=Kind)
    name = models.CharField(max_length=60, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)
    ip = models.GenericIPAddressField(null=True, blank=True)
    session_key = models.CharField(max_length=40, blank=True, db_index=True)
    token_digest = models.BinaryField(max_length=32, null=True, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")

    def __str__(self) -> str:
        return self.name or self.user_agent or str(self.id)
