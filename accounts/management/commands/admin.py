"""Makes an administrator: `manage.py admin`, or `manage.py admin --username ada --password-stdin < file`."""

import getpass
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.services.founding import create_admin
from chatsite.core.errors import Invalid


class Command(BaseCommand):
    """Asks for what is not given; says what can be done next."""

    help = "Makes an account that administers this instance."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--username", help="asked for when left out")
        parser.add_argument("--email", default="", help="to reset a forgotten password")
        parser.add_argument(
            "--password-stdin", action="store_true", help="read the password from the first line of standard input"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        username = options["username"] or input(_("Username: "))
        password = sys.stdin.readline().rstrip("\r\n") if options["password_stdin"] else self._asked()
        try:
            user = create_admin(username=username, password=password, email=options["email"])
        except Invalid as error:
            raise CommandError(f"{error.field}: {error.detail}" if error.field else error.detail) from None
        self.stdout.write(self.style.SUCCESS(_("%(name)s administers this instance.") % {"name": user.username}))
        self.stdout.write(
            _("Log in at /accounts/login/, find people and devices at /admin/, set up a second factor at /accounts/2fa/.")
        )

    def _asked(self) -> str:
        """A password typed twice, unseen."""
        if not sys.stdin.isatty():
            raise CommandError(_("Nobody is there to ask: give --username and --password-stdin."))
        password = getpass.getpass(_("Password: "))
        if getpass.getpass(_("Password, again: ")) != password:
            raise CommandError(_("The two are not the same."))
        return password
