"""The forms of the account pages. They read fields; the services decide."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_text_html
from django.utils.functional import lazystr
from django.utils.translation import gettext_lazy as _

from accounts.models import DEVICE_NAME_MAX, DISPLAY_NAME_MAX, USERNAME_MAX, User
from chatsite.core.errors import Invalid


def blame(form: forms.Form, error: Invalid) -> None:
    """Shows a service's refusal at the field it names, or above the form."""
    form.add_error(error.field if error.field in form.fields else None, error.detail)


class ProfileForm(forms.Form):
    """What a person may change about themselves."""

    display_name = forms.CharField(
        label=_("Display name"),
        max_length=DISPLAY_NAME_MAX,
        required=False,
        help_text=_("What others see. Empty: your username."),
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    locale = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    theme = forms.ChoiceField(label=_("Colours"), choices=User.Theme.choices)


class DeviceNameForm(forms.Form):
    """A device's name."""

    name = forms.CharField(label=_("Name"), max_length=DEVICE_NAME_MAX)


class FirstAccountForm(forms.Form):
    """The first account of an instance."""

    username = forms.CharField(
        label=_("Username"),
        max_length=USERNAME_MAX,
        help_text=_("Letters a–z, digits, and . _ - between them. Others find you by it."),
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}
        ),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    email = forms.EmailField(label=_("E-mail (optional)"), required=False, help_text=_("To reset a forgotten password."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = lazystr(password_validators_help_text_html())
