"""Where allauth asks us: usernames, addresses, what it says of a user, and the sealing of second-factor secrets."""

import dataclasses
from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.headless.adapter import DefaultHeadlessAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.addresses import client_ip
from accounts.models import Device, User, canonical_username
from accounts.sealing import seal, unseal
from accounts.services.devices import revoke_device
from accounts.services.founding import admit

_SECOND_FACTOR = "second factor"


class AccountAdapter(DefaultAccountAdapter):
    """Accounts as our pages and apps make them."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "cannot_remove_primary_email": _("The primary e-mail address cannot be removed."),
        "duplicate_email": _("This e-mail address is one of yours already."),
        "email_password_mismatch": _("The username, the e-mail address or the password is wrong."),
        "email_taken": _("That e-mail address belongs to another account."),
        "enter_current_password": _("That is not the current password."),
        "max_email_addresses": _("You cannot have more than %d e-mail addresses."),
        "unknown_email": _("No account has that e-mail address."),
        "unverified_primary_email": _("Confirm the e-mail address before you make it the primary one."),
        "username_password_mismatch": _("The username, the e-mail address or the password is wrong."),
    }

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """Lowered first, so that the validators, and the search for a taken one, see the form we keep."""
        cleaned: str = super().clean_username(canonical_username(username), shallow=shallow)
        return cleaned

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Every sign-up, from the page or an app, ends here."""
        super().save_user(request, user, form, commit=False)
        if commit:
            admit(user)
        return user

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        if request.user.is_staff:  # the founder
            return reverse("accounts:next_steps")
        return cast("str", super().get_signup_redirect_url(request))

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Counts wrong passwords by what was typed alone. allauth adds the Host header, whose port a client may choose freely."""
        typed = str(credentials.get("email") or credentials.get("username") or "")
        return typed.strip().lower()

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_ip(request) or "0.0.0.0"  # noqa: S104 - one bucket for all whose address is unknown

    def format_email_subject(self, subject: str) -> str:
        return f"Chatsite: {subject}"


def _told(description: str, example: object) -> Any:
    return dataclasses.field(metadata={"description": description, "example": example})


@dataclasses.dataclass(frozen=True)
class ToldUser:
    """What the app and browser APIs say of a user; ids are strings, as everywhere in our JSON."""

    id: str | None = _told("The user's id.", "7234567890123456")
    display: str = _told("The name others see.", "Ada")
    email: str | None = _told("The e-mail address, if there is one.", "ada@example.org")
    has_usable_password: bool = _told("Whether a password is set.", True)
    username: str = _told("The username.", "ada")


class HeadlessAdapter(DefaultHeadlessAdapter):
    """allauth's JSON about a user, in our form."""

    def get_user_dataclass(self) -> type[ToldUser]:
        return ToldUser

    def user_as_dataclass(self, user: User) -> ToldUser:
        return ToldUser(
            id=str(user.pk) if user.pk else None,
            display=user.shown_name,
            email=user.email or None,
            has_usable_password=user.has_usable_password(),
            username=user.username,
        )


class MFAAdapter(DefaultMFAAdapter):
    """Second-factor secrets are sealed at rest."""

    def get_totp_issuer(self) -> str:
        return "Chatsite"

    def encrypt(self, text: str) -> str:
        return seal(text, purpose=_SECOND_FACTOR)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text, purpose=_SECOND_FACTOR)


class SessionsAdapter(DefaultUserSessionsAdapter):
    """Ending a session ends its device: token, session and sockets."""

    def end_sessions(self, sessions: Any) -> None:
        keys = [session.session_key for session in sessions]
        for device in Device.objects.filter(session_key__in=keys, revoked_at=None):
            revoke_device(device)
        super().end_sessions([session for session in sessions if session.pk])
