"""What people leave open to whom."""

from django.db import transaction

from accounts.models import Audience, User
from accounts.services.ties import note_changed
from chatsite.core.errors import Invalid

# Each setting, and what makes sense for it.
CHOICES: dict[str, tuple[Audience, ...]] = {
    "messages_from": (Audience.EVERYONE, Audience.CONTACTS),
    "requests_from": (Audience.EVERYONE, Audience.NOBODY),  # nobody: only who has the invite link
    "groups_from": (Audience.EVERYONE, Audience.CONTACTS, Audience.NOBODY),
    "online_to": (Audience.EVERYONE, Audience.CONTACTS, Audience.NOBODY),
    "last_active_to": (Audience.EVERYONE, Audience.CONTACTS, Audience.NOBODY),
}


def change_privacy(user: User, settings: dict[str, str]) -> User:
    """Changes what is given and leaves the rest. Raises Invalid."""
    for name, audience in settings.items():
        if audience not in CHOICES[name]:
            raise Invalid("Not one of the choices", field=name)
    with transaction.atomic():
        for name, audience in settings.items():
            setattr(user, name, audience)
        user.save(update_fields=list(settings))
        note_changed([user.id])
    return user
