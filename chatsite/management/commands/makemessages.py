"""Django's makemessages, which here also collects what people are told by errors: `raise Invalid("Nothing but white space")`."""

from django.core.management.commands import makemessages

from chatsite.core import errors

REFUSALS = sorted(
    name for name, item in vars(errors).items() if isinstance(item, type) and issubclass(item, errors.ChatsiteError)
)


class Command(makemessages.Command):
    """`manage.py makemessages -l zh_Hans`, then translate, then `manage.py compilemessages`."""

    xgettext_options = [*makemessages.Command.xgettext_options, *(f"--keyword={name}" for name in REFUSALS)]
