"""People as the admin looks at them: whether they are connected, and where."""

from django.utils.translation import gettext_lazy as _

from accounts.models import User


class Connected(User):
    """No table of its own; the admin's list adds what the nodes know."""

    class Meta:
        proxy = True
        verbose_name = _("connected person")
        verbose_name_plural = _("who is connected where")
