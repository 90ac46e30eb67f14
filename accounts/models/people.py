"""People and their devices."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chatsite.core.ids import new_id

USERNAME_MAX = 30
DISPLAY_NAME_MAX = 60
DEVICE_NAME_MAX = 60
USER_AGENT_MAX = 200

USERNAME = RegexValidator(r"\A[a-z0-9](?:[a-z0-9_.-]*[a-z0-9])?\Z", _("Use letters a–z, digits, and . _ - between them."))


def canonical_username(username: str) -> str:
    """The form a username is kept in. Only ASCII is lowered: the Kelvin sign must not become a k."""
    username = username.strip()
    return username.lower() if username.isascii() else username


class UserManager(DjangoUserManager["User"]):
    """Makes usernames lower-case and finds them however they are typed."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username=canonical_username(username or ""))

    async def aget_by_natural_key(self, username: str | None) -> "User":
        return await self.aget(username=canonical_username(username or ""))


class Audience(models.TextChoices):
    """To whom something of one's own is open."""

    EVERYONE = "everyone", _("Everyone")
    CONTACTS = "contacts", _("My contacts")
    NOBODY = "nobody", _("Nobody")


class User(AbstractUser):
    """An account. Usernames are lower-case ASCII, so that no two look alike; the display name may be anything readable."""

    class Theme(models.TextChoices):
        SYSTEM = "system", _("Like the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    id = models.BigIntegerField(primary_key=True, default=new_id, editable=False)
    username = models.CharField(
        _("username"),
        max_length=USERNAME_MAX,
        unique=True,
        validators=[USERNAME],
        error_messages={"unique": _("That username is taken.")},
    )
    display_name = models.CharField(_("display name"), max_length=DISPLAY_NAME_MAX, blank=True)
    email = models.EmailField(_("e-mail"), blank=True, db_index=True)
    locale = models.CharField(_("language"), max_length=10, blank=True)
    theme = models.CharField(_("colours"), max_length=6, choices=Theme, default=Theme.SYSTEM)
    last_active_at = models.DateTimeField(_("last active"), null=True, blank=True)

    messages_from = models.CharField(_("who may write to me"), max_length=8, choices=Audience, default=Audience.EVERYONE)
    requests_from = models.CharField(_("who may ask to be my contact"), max_length=8, choices=Audience, default=Audience.EVERYONE)
    groups_from = models.CharField(
        _("who may add me to groups without asking"), max_length=8, choices=Audience, default=Audience.CONTACTS
    )
    online_to = models.CharField(_("who sees when I am online"), max_length=8, choices=Audience, default=Audience.EVERYONE)
    last_active_to = models.CharField(
        _("who sees when I was last online"), max_length=8, choices=Audience, default=Audience.EVERYONE
    )
    # When contacts, blocks or privacy of this person last changed: every process asks for these, and forgets what it knew.
    ties_changed_at = models.DateTimeField(null=True, editable=False)

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        # Both are few among many: the admin's filters must not read the whole table.
        indexes = [
            models.Index(fields=["id"], condition=models.Q(is_staff=True), name="staff_users"),
            models.Index(fields=["id"], condition=models.Q(is_active=False), name="suspended_users"),
            models.Index(fields=["ties_changed_at"], condition=models.Q(ties_changed_at__isnull=False), name="changed_ties"),
        ]

    def __str__(self) -> str:
        return self.username

    @classmethod
    def normalize_username(cls, username: Any) -> Any:
        return canonical_username(username) if isinstance(username, str) else username

    @property
    def shown_name(self) -> str:
        """What others see: the display name, or the username of someone who has not chosen one."""
        return self.display_name or self.username

    def get_full_name(self) -> str:
        return self.shown_name

    def get_short_name(self) -> str:
        return self.shown_name


class Device(models.Model):
    """One login of one user: a browser's session, or an app that holds a token (kept as its SHA-256, never itself)."""

    class Kind(models.TextChoices):
        BROWSER = "browser", _("browser")
        APP = "app", _("app")

    id = models.BigIntegerField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices", verbose_name=_("user"))
    kind = models.CharField(_("kind"), max_length=7, choices=Kind)
    name = models.CharField(_("name"), max_length=DEVICE_NAME_MAX, blank=True)
    user_agent = models.CharField(max_length=USER_AGENT_MAX, blank=True)
    ip = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    # Where Django keeps the login; changes whenever Django cycles it.
    session_key = models.CharField(max_length=40, blank=True, db_index=True, editable=False)
    token_digest = models.BinaryField(max_length=32, null=True, unique=True, editable=False)
    # The user's session hash at login: a password changed by any road, `manage.py changepassword` too, kills the token.
    auth_hash = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(_("logged in"), default=timezone.now)
    last_seen_at = models.DateTimeField(_("last seen"), default=timezone.now)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        indexes = [
            models.Index(fields=["user"], condition=models.Q(revoked_at=None), name="live_devices"),
            # Every node asks every few seconds which were revoked lately.
            models.Index(fields=["revoked_at"], condition=models.Q(revoked_at__isnull=False), name="revoked_devices"),
        ]

    def __str__(self) -> str:
        return self.name or self.user_agent or str(self.id)


class Founding(models.Model):
    """One row, written with the first account: its primary key lets only one of two racing visitors found the instance."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    founder = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("founding")
        verbose_name_plural = _("foundings")

    def __str__(self) -> str:
        return f"founded {self.at:%Y-%m-%d}"
