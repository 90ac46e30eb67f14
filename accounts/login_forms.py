"""allauth's forms in our words: a label says what a field is, nothing stands in it, and rules are short."""

from typing import Any

from allauth.account import forms as allauths
from allauth.mfa.base import forms as factors
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as keys
from django import forms
from django.utils.translation import gettext_lazy as _

PASSWORD_HELP = _("At least 8 characters, and not one that is easy to guess.")
LABELS: dict[str, Any] = {
    "login": _("Username or e-mail"),
    "email": _("E-mail"),
    "oldpassword": _("Current password"),
    "password1": _("New password"),
    "password2": _("New password, again"),
    "code": _("Code"),
    "name": _("Name"),
    "passwordless": _("Log in with it, without a password (a passkey)"),
}


class InOurWords(forms.Form):
    """Comes before one of allauth's forms."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            if not field.required and name == "email":
                field.label = _("E-mail (optional)")
            elif name in LABELS:
                field.label = LABELS[name]
            if name == "password1":
                field.help_text = PASSWORD_HELP


class LoginForm(InOurWords, allauths.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""  # the page has that link
        self.fields["login"].widget.attrs.update(
            autocomplete="username", autocapitalize="none", spellcheck="false", autofocus=True
        )


class SignupForm(InOurWords, allauths.SignupForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["username", "password1", "email"])
        self.fields["username"].widget.attrs.update(autocapitalize="none", spellcheck="false", autofocus=True)
        self.fields["password1"].label = _("Password")
        self.fields["username"].help_text = _("Letters a–z, digits, and . _ - between them. Others find you by it.")


class AddEmailForm(InOurWords, allauths.AddEmailForm):
    pass


class ChangePasswordForm(InOurWords, allauths.ChangePasswordForm):
    pass


class SetPasswordForm(InOurWords, allauths.SetPasswordForm):
    pass


class ResetPasswordForm(InOurWords, allauths.ResetPasswordForm):
    pass


class ResetPasswordKeyForm(InOurWords, allauths.ResetPasswordKeyForm):
    pass


class ReauthenticateForm(InOurWords, allauths.ReauthenticateForm):
    pass


class AuthenticateForm(InOurWords, factors.AuthenticateForm):
    pass


class ReauthenticateByCodeForm(InOurWords, factors.ReauthenticateForm):
    pass


class ActivateTOTPForm(InOurWords, totp.ActivateTOTPForm):
    pass


class AddKeyForm(InOurWords, keys.AddWebAuthnForm):
    pass


class EditKeyForm(InOurWords, keys.EditWebAuthnForm):
    pass
