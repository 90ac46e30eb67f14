"""The form of the page of notification settings."""

from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.login_forms import InOurWords


class PushForm(InOurWords):
    """What a person wants of all pushes."""

    previews = forms.BooleanField(
        label=_("Show what was written"),
        help_text=_(
            "Without it a notification says who wrote, and nothing of what. Push services cannot read either; who looks at your screen can."
        ),
        required=False,
    )
    quiet_from = forms.TimeField(
        label=_("Quiet from"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        label=_("Quiet until"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    time_zone = forms.CharField(
        label=_("Time zone"),
        max_length=60,
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off", "spellcheck": "false"}),
    )


def zones() -> list[str]:
    """The names that the field offers."""
    return sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/", "US/")))
