"""The forms of the account pages. They read fields; the services decide."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from accounts.login_forms import PASSWORD_HELP, InOurWords
from accounts.models import DEVICE_NAME_MAX, DISPLAY_NAME_MAX, USERNAME_MAX, Audience, User
from accounts.services.privacy import CHOICES
from chatsite.core.errors import Invalid


def blame(form: forms.Form, error: Invalid) -> None:
    """Shows a service's refusal at the field it names, or above the form."""
    form.add_error(error.field if error.field in form.fields else None, error.detail)


def choices_of(setting: str) -> list[tuple[str, Any]]:
    return [(audience.value, audience.label) for audience in CHOICES[setting]]


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


class PrivacyForm(InOurWords):
    """Who may do and see what."""

    messages_from = forms.ChoiceField(
        label=_("Who may write to me"),
        help_text=_("Whoever you have written to first can always answer."),
        choices=choices_of("messages_from"),
    )
    requests_from = forms.ChoiceField(
        label=_("Who may ask to be my contact"),
        choices=[
            (Audience.EVERYONE, _("Everyone who knows my username")),
            (Audience.NOBODY, _("Only those who have my invite link")),
        ],
    )
    groups_from = forms.ChoiceField(
        label=_("Who may add me to groups"),
        help_text=_("Anybody else can invite you, and you decide."),
        choices=choices_of("groups_from"),
    )
    online_to = forms.ChoiceField(
        label=_("Who sees when I am online"),
        help_text=_("Everyone: those you are in a conversation with."),
        choices=choices_of("online_to"),
    )
    last_active_to = forms.ChoiceField(
        label=_("Who sees when I was last online"),
        help_text=_("Nobody who does not see when you are online."),
        choices=choices_of("last_active_to"),
    )


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
