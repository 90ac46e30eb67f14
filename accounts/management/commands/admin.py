"""Makes an administrator: `manage.py admin`, or `manage.py admin --username ada --password-stdin < file`."""

import getpass
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.services.founding import check_username, create_admin
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
        if not (sys.stdin.isatty() or (options["username"] and options["password_stdin"])):
            raise CommandError(_("Nobody is there to ask: give --username and --password-stdin."))
        try:
            username = options["username"] or self._asked_username()
            check_username(username)
            password = sys.stdin.readline().rstrip("\r\n") if options["password_stdin"] else self._asked_password()
            user = create_admin(username=username, password=password, email=options["email"])
        except Invalid as error:
            raise CommandError(_told(error)) from None
        except EOFError:
            raise CommandError(_("Nothing was made.")) from None
        self.stdout.write(self.style.SUCCESS(_("%(name)s administers this instance.") % {"name": user.username}))
        self.stdout.write(
            _("Log in at /accounts/login/, find people and devices at /admin/, set up a second factor at /accounts/2fa/.")
        )

    def _asked_username(self) -> str:
        """One that is free and made as ours are; asked for until it is."""
        while True:
            username = input(_("Username: "))
            try:
                check_username(username)
            except Invalid as error:
                self.stderr.write(_told(error))
            else:
                return username

    def _asked_password(self) -> str:
        """A password typed twice, unseen."""
        password = getpass.getpass(_("Password: "))
        if getpass.getpass(_("Password, again: ")) != password:
            raise CommandError(_("The two are not the same."))
        return password


def _told(error: Invalid) -> str:
    return f"{error.field}: {error.detail}" if error.field else error.detail
