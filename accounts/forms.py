"""The forms of the account pages. They read fields; the services decide."""

from django import forms
from django.conf import settings
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from accounts.login_forms import PASSWORD_HELP, InOurWords
from accounts.models import DEVICE_NAME_MAX, DISPLAY_NAME_MAX, USERNAME_MAX, User
from chatsite.core.errors import Invalid


def blame(form: forms.Form, error: Invalid) -> None:
    """Shows a service's refusal at the field it names, or above the form."""
    form.add_error(error.field if error.field in form.fields else None, error.detail)


class ProfileForm(InOurWords):
    """What a person may change about themselves."""

    display_name = forms.CharField(
        label=_("Display name"),
        max_length=DISPLAY_NAME_MAX,
        required=False,
        help_text=_("What others see. Empty: your username."),
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    locale = forms.ChoiceField(
        label=_("Language"), choices=[(code, get_language_info(code)["name_local"]) for code, _name in settings.LANGUAGES]
    )
    theme = forms.ChoiceField(label=_("Colours"), choices=User.Theme.choices)


class DeviceNameForm(forms.Form):
    """A device's name."""

    name = forms.CharField(label=_("Name"), max_length=DEVICE_NAME_MAX)


class FirstAccountForm(InOurWords):
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
        help_text=PASSWORD_HELP,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    email = forms.EmailField(label=_("E-mail (optional)"), required=False, help_text=_("To reset a forgotten password."))
